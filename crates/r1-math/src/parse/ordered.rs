//! What has a direction: segments under an arrow, and products of vectors and of matrices that are inverted or
//! transposed.

use super::Parser;
use crate::{
    arena::{Id, Node},
    token::{Kind, Token},
};

/// The name of a product whose order counts.
pub(crate) const ORDERED: &str = "matrices@";

/// Longer words in capitals are no product.
const MAX_CAPITALS: usize = 3;

impl Parser<'_> {
    /// Whether `\times` stands between two vectors, which their arrows or bold letters tell.
    pub(super) fn crosses(&self) -> bool {
        let vector = |token: &Token| matches!(token.command(), Some("vec" | "overrightarrow")) || token.bold;
        let before = self.at.checked_sub(1).and_then(|at| self.tokens.get(at));
        let arrow = |ahead: usize| {
            // `\vec a`, `\vec{a}`.
            self.at.checked_sub(ahead).and_then(|at| self.tokens.get(at)).is_some_and(vector)
        };
        self.peek().is_some_and(|token| token.is_command("times"))
            && self.peek_at(1).is_some_and(vector)
            && (before.is_some_and(|token| token.bold) || arrow(2) || arrow(4))
    }

    /// The product of two vectors, which changes its sign with their order.
    pub(super) fn cross(&mut self, left: Id, right: Id) -> Id {
        let name = self.arena.intern("cross@");
        let (low, high) = (left.min(right), left.max(right));
        let product = self.arena.insert(Node::Call(name, Box::new([low, high])));
        if left == low { product } else { self.arena.neg(product) }
    }

    /// `AB` as two factors whose order is kept; false where no such word follows.
    pub(super) fn capitals(&mut self, factors: &mut Vec<Id>) -> Option<bool> {
        let Some(Token { kind: Kind::Word(word), .. }) = self.peek() else { return Some(false) };
        let numeral = word.bytes().all(|byte| matches!(byte, b'I' | b'V' | b'X'));
        let capitals = word.len() <= MAX_CAPITALS && word.bytes().all(|byte| byte.is_ascii_uppercase());
        if !capitals || numeral || super::is_name(word) || super::is_prose(word) {
            return Some(false);
        }
        self.at += 1;
        let raised = self.peek().is_some_and(|token| token.is('^') || token.is('\'') || token.is('_'));
        if word.len() > 2 && !raised {
            // Points in order, or an abbreviation: `AES` is not `ASE`.
            factors.push(self.arena.symbol(word));
            return Some(true);
        }
        for (at, letter) in word.char_indices() {
            let name = letter.to_string();
            if at + 1 < word.len() {
                factors.push(self.arena.symbol(&name));
            } else {
                let last = self.letter(letter)?;
                let last = self.postfix(last)?;
                factors.push(last);
            }
        }
        Some(true)
    }

    /// A product of matrices: of capital letters, one of them inverted or transposed.
    pub(super) fn of_matrices(&mut self, factors: &[Id]) -> Option<Id> {
        let capital = |parser: &Self, id: Id| match parser.arena.node(id) {
            Node::Symbol(name) => parser.arena.name(*name).starts_with(|c: char| c.is_ascii_uppercase()),
            _ => false,
        };
        let turned = |parser: &Self, id: Id| match parser.arena.node(id) {
            Node::Pow(base, exponent) if capital(parser, *base) => match parser.arena.node(*exponent) {
                Node::Symbol(name) => matches!(parser.arena.name(*name), "T" | "top" | "intercal"),
                _ => parser.arena.as_integer(*exponent).is_some_and(|power| power == (-1).into()),
            },
            _ => false,
        };
        let of_matrix = |parser: &Self, id: Id| {
            capital(parser, id)
                || turned(parser, id)
                || matches!(parser.arena.node(id), Node::Pow(base, _) if capital(parser, *base))
        };
        let turns = factors.iter().any(|id| turned(self, *id));
        let matrices: Vec<Id> = factors.iter().copied().filter(|id| of_matrix(self, *id)).collect();
        if !turns || matrices.len() < 2 {
            return None;
        }
        let mut rest: Vec<Id> = factors.iter().copied().filter(|id| !of_matrix(self, *id)).collect();
        let name = self.arena.intern(ORDERED);
        rest.push(self.arena.insert(Node::Call(name, matrices.into())));
        Some(self.arena.mul(rest))
    }

    /// `{AB}` after an arrow, which is the opposite of `{BA}`.
    pub(super) fn directed_segment(&mut self) -> Option<Id> {
        let [open, Token { kind: Kind::Word(word), .. }, close, ..] = &self.tokens[self.at..] else {
            return None;
        };
        let [a, b] = word.as_bytes() else { return None };
        let capitals = a.is_ascii_uppercase() && b.is_ascii_uppercase();
        if !(open.is('{') && close.is('}') && capitals && a != b) {
            return None;
        }
        self.at += 3;
        let (low, high) = (a.min(b), a.max(b));
        let segment = self.arena.symbol(&format!("vec@{}{}", char::from(*low), char::from(*high)));
        Some(if a == low { segment } else { self.arena.neg(segment) })
    }
}
