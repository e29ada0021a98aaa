//! Sums and products over an index.

use super::Parser;
use crate::{
    arena::{Id, Node},
    token::Kind,
};

impl Parser<'_> {
    /// `\sum_{k=1}^{n} body`.
    pub(super) fn fold(&mut self, product: bool) -> Option<Id> {
        if !self.eat('_') || !self.eat('{') {
            return None;
        }
        let Kind::Letter(letter) = self.next()?.kind else { return None };
        if !self.eat('=') {
            return None;
        }
        let from = self.sum()?;
        if !self.eat('}') || !self.eat('^') {
            return None;
        }
        let to = self.argument()?;
        // The index may be `i`, which is a number elsewhere, and its name says nothing.
        let index = format!("index@{}", self.folds);
        let start = self.at;
        // The copy below is long.
        self.arena.spend((self.tokens.len() - start) as u32 / 8)?;
        let renamed: Vec<_> = self.tokens[start..]
            .iter()
            .map(|token| {
                let mut token = token.clone();
                if token.kind == Kind::Letter(letter) {
                    token.kind = Kind::Command(index.clone());
                }
                token
            })
            .collect();
        let variable = self.arena.intern(&index);
        let (body, used) = {
            let mut inner = Parser {
                arena: self.arena,
                tokens: &renamed,
                at: 0,
                depth: self.depth + 1,
                bars: self.bars,
                folds: self.folds + 1,
                hopeless: false,
                improper: false,
            };
            let body = inner.nested(Parser::product)?;
            (body, inner.at)
        };
        self.at += used;
        Some(self.arena.insert(Node::Fold { product, variable, from, to, body }))
    }
}
