//! Numbers, with their thousands and decimal commas.

use super::Lexer;
use crate::{
    literal::Literal,
    token::{Commas, Kind, Token},
};

impl Lexer<'_> {
    /// Whether the next digit alone is an argument, as TeX reads `\frac12`.
    fn wants_digit(&self) -> bool {
        let is_fraction = |token: &Token| matches!(token.command(), Some("frac" | "binom"));
        match &self.tokens[..] {
            [.., last] if is_fraction(last) => true,
            [.., fraction, Token { kind: Kind::Number(above), .. }] => {
                is_fraction(fraction) && above.digits.len() == 1
            }
            _ => false,
        }
    }

    pub(super) fn number(&mut self) {
        if self.wants_digit() && self.rest.starts_with(|c: char| c.is_ascii_digit()) {
            let (literal, _, _) = Literal::read(&self.rest[..1], false, false);
            if let Some(literal) = literal {
                self.push(Kind::Number(literal));
            }
            self.rest = &self.rest[1..];
            return;
        }
        let inside = self.depth > 0;
        let (thousands, decimal_comma) = match self.commas {
            Commas::Likely => (!inside, false),
            Commas::Unlikely => (inside, !inside),
            Commas::Separating => (false, false),
        };
        let (literal, rest, ambiguous) = Literal::read(self.rest, thousands, decimal_comma);
        let ambiguous = ambiguous && self.commas != Commas::Separating;
        let (literal, rest) = match literal {
            Some(literal) => literal.going_on(rest),
            None => (None, rest),
        };
        self.ambiguous |= ambiguous;
        match literal {
            Some(literal) => self.push(Kind::Number(literal)),
            // Too many digits: nothing that an expression can hold.
            None => self.push(Kind::Text(self.rest[..self.rest.len() - rest.len()].to_owned())),
        }
        self.rest = rest;
    }
}
