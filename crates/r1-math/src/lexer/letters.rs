//! Letters and words of formulas.

use super::Lexer;
use crate::{
    parse,
    token::{Kind, Token},
};

/// Groups of more tokens are not looked back over.
const LONGEST_GROUP: usize = 64;

impl Lexer<'_> {
    /// Letters that follow one another: a letter, a word, or the one that a command or an exponent takes.
    pub(super) fn letters(&mut self) {
        let end = self.rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(self.rest.len());
        let (mut run, mut rest) = self.rest.split_at(end);
        // `e^xy` raises to x alone.
        let raised = self.tokens.last().is_some_and(|token| token.is('^') || token.is('_'));
        if (raised || self.awaits_argument()) && !parse::is_name(run) {
            (run, rest) = self.rest.split_at(1);
        }
        self.rest = rest;
        if run == "x" && self.rest.trim_start().starts_with("10^") && self.after_number() {
            // `1.2 x10^3`
            self.push(Kind::Command("times".to_owned()));
            return;
        }
        let indexed = !raised && self.takes_an_index(run);
        let mut chars = run.chars();
        match (chars.next(), chars.next()) {
            (Some(letter), None) => self.push(Kind::Letter(letter)),
            _ => self.push(Kind::Word(run.to_owned())),
        }
        if !indexed && matches!(run, "cm" | "km" | "mm" | "dm") && self.rest.starts_with(['2', '3']) {
            // `5 cm2`
            self.push(Kind::Symbol('^'));
        }
        if indexed {
            // `v0` is a name of its own and no multiple of nought.
            self.push(Kind::Symbol('_'));
            self.number();
        }
    }

    /// Whether what follows is an argument without braces: `\sqrt xy` is the root of x, and `\frac ab` a over b.
    pub(super) fn awaits_argument(&self) -> bool {
        let is = |token: Option<&Token>, names: &[&str]| {
            token.and_then(Token::command).is_some_and(|name| names.contains(&name))
        };
        let of_two = |token| is(token, &["frac", "binom"]);
        match &self.tokens[..] {
            [before @ .., Token { kind: Kind::Letter(_) | Kind::Number(_), .. }] => of_two(before.last()),
            [.., last] if last.is('}') => of_two(self.before_group('{', '}')),
            [.., last] if last.is(']') => is(self.before_group('[', ']'), &["sqrt"]),
            tokens => of_two(tokens.last()) || is(tokens.last(), &["sqrt"]),
        }
    }

    /// Whether what follows has an arrow, a bar or a hat on it.
    pub(super) fn is_dressed(&self) -> bool {
        let over = self.tokens.last().and_then(Token::command);
        matches!(over, Some("vec" | "bar" | "hat" | "overline"))
    }

    /// What stands before the group that ends here.
    fn before_group(&self, open: char, close: char) -> Option<&Token> {
        let mut depth = 0;
        let near = self.tokens.len().saturating_sub(LONGEST_GROUP);
        let start = self.tokens[near..].iter().rposition(|token| {
            depth += i32::from(token.is(close)) - i32::from(token.is(open));
            depth == 0
        })?;
        self.tokens[..near + start].last()
    }
}
