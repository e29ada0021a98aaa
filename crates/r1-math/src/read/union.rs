//! Unions, intersections and differences of sets and intervals.

use super::{Answer, Reader, split};
use crate::{
    region,
    token::{Kind, Token},
};

impl Reader<'_> {
    /// Unions, intersections and differences.
    pub(super) fn region(&mut self, tokens: &[Token]) -> Option<Answer> {
        if let [all @ Token { kind: Kind::Blackboard('R'), .. }, minus, rest @ ..] = tokens
            && minus.is('-')
            && rest.first().is_some_and(|token| token.is('[') || token.is('(') || token.is('\u{1}'))
        {
            let without = Token::close(Kind::Command("setminus".into()));
            return self.region(&[&[all.clone(), without], rest].concat());
        }
        let operator = |token: &Token| {
            matches!(token.command(), Some("cup" | "cap" | "setminus" | "backslash"))
                || matches!(token.kind, Kind::Letter('U'))
        };
        let parts = split::top(tokens, operator);
        if parts.len() < 2 || parts[1..].iter().any(|part| part.is_empty()) {
            return None;
        }
        let mut at = parts[0].len();
        let mut result = self.operand(parts[0])?;
        for part in &parts[1..] {
            let operator = &tokens[at];
            at += 1 + part.len();
            let right = self.operand(part)?;
            result = match (result, right) {
                (Answer::Set(mut left), Answer::Set(right)) if !operator.is_command("cap") => {
                    if matches!(operator.command(), Some("setminus" | "backslash")) {
                        left.retain(|item| !right.contains(item));
                    } else {
                        left.extend(right);
                    }
                    Answer::Set(left)
                }
                (left, right) => {
                    let (left, right) = (region::of(&left)?, region::of(&right)?);
                    Answer::Region(match operator.command() {
                        Some("cap") => region::intersection(self.arena, &left, &right)?,
                        Some("setminus" | "backslash") => region::difference(self.arena, &left, &right)?,
                        _ => [left, right].concat(),
                    })
                }
            };
        }
        Some(result)
    }

    fn operand(&mut self, tokens: &[Token]) -> Option<Answer> {
        if let [open, inside @ .., close] = tokens
            && open.is('{')
            && close.is('}')
            && split::closing(tokens) == Some(tokens.len() - 1)
        {
            return self.set(inside);
        }
        match self.structure(tokens)? {
            answer @ (Answer::Set(_) | Answer::Region(_)) => Some(answer),
            Answer::Empty => Some(Answer::Set(Vec::new())),
            answer @ Answer::Tuple(_) => region::of(&answer).map(Answer::Region),
            _ => None,
        }
    }
}
