//! Several signs of `±` in one answer, and dates, whose strokes are no signs.

use super::{Answer, Reader};
use crate::token::{Kind, Token};

/// More independent signs are not told apart.
const MAX_SIGNS: usize = 3;

impl Reader<'_> {
    /// An answer for every choice of signs: `±` beside `∓` are one choice, `±` beside `±` are two.
    pub(super) fn by_signs(&mut self, tokens: &[Token]) -> Option<Answer> {
        let places: Vec<usize> =
            (0..tokens.len()).filter(|at| matches!(tokens[*at].command(), Some("pm" | "mp"))).collect();
        let together = tokens.iter().any(|token| token.is_command("mp"));
        let choices = if together { 1 } else { places.len() };
        if choices > MAX_SIGNS {
            return None;
        }
        self.arena.spend((tokens.len() as u32 / 8 + 1) << choices)?;
        let mut items = Vec::new();
        for choice in 0..1usize << choices {
            let mut chosen = tokens.to_vec();
            for (nth, at) in places.iter().enumerate() {
                let bit = if together { 0 } else { nth };
                let minus = (choice >> bit & 1 == 1) != tokens[*at].is_command("mp");
                chosen[*at].kind = Kind::Symbol(if minus { '-' } else { '+' });
            }
            items.push(self.structure(&chosen)?);
        }
        Some(Answer::Either(items))
    }
}

/// `2020-01-02`.
pub(super) fn is_date(tokens: &[Token]) -> bool {
    let digits = |token: &Token, count: usize| matches!(&token.kind, Kind::Number(literal) if literal.digits.len() == count);
    matches!(tokens, [year, first, month, second, day]
        if digits(year, 4) && digits(month, 2) && digits(day, 2) && first.is('-') && second.is('-'))
}
