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

    /// Whether letters and the digits right behind them are one name: `v0`, `num1`, but neither `3 x10` nor `0b11`,
    /// `2A3_{16}`, `log2` or `5 cm2`.
    pub(super) fn takes_an_index(&self, letters: &str) -> bool {
        let digits = self.rest.len() - self.rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let after = &self.rest[digits..];
        let number = self.after_number();
        let glued = number && !self.space;
        let counted = number && (letters == "x" || letters.len() > 1);
        let of_a_program = glued && self.tokens.last().is_some_and(is_nought);
        let in_a_base = glued && after.starts_with('_');
        if digits == 0 || counted || of_a_program || in_a_base || self.awaits_argument() || self.is_dressed()
        {
            return false;
        }
        !after.starts_with('.') && !crate::parse::is_name(letters)
    }

    pub(super) fn after_number(&self) -> bool {
        matches!(self.tokens.last(), Some(Token { kind: Kind::Number(_), .. }))
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

fn is_nought(token: &Token) -> bool {
    matches!(&token.kind, Kind::Number(literal) if literal.digits == "0")
}
