//! Limits of one variable.

use super::{Parser, expression};
use crate::{
    arena::{Constant, Id, Node},
    series::{Point, limit},
    token::{Kind, Token},
};

impl Parser<'_> {
    /// `_{x \to a} f(x)`, up to the end of the sum, where the limit can be proved; any other is not read.
    pub(super) fn limit(&mut self) -> Option<Id> {
        if !self.eat('_') || !self.eat('{') {
            return None;
        }
        let rest = &self.tokens[self.at..];
        let mut depth = 0;
        let end = rest.iter().position(|token| {
            depth += i32::from(token.is('{')) - i32::from(token.is('}'));
            depth < 0
        })?;
        let (under, at) = (&rest[..end], self.at + end + 1);
        let [Token { kind: Kind::Letter(variable), .. }, arrow, goal @ ..] = under else { return None };
        if !matches!(arrow.command(), Some("to" | "rightarrow")) || matches!(variable, 'e' | 'i') {
            return None;
        }
        let point = self.point(goal)?;
        self.arena.spend(10)?;
        self.at = at;
        let body = self.sum()?;
        let variable = self.arena.symbol(&variable.to_string());
        limit(self.arena, body, variable, &point)
    }

    /// `0`, `0^+`, `\infty`, `-\infty`.
    fn point(&mut self, goal: &[Token]) -> Option<Point> {
        let (goal, side) = match goal {
            [goal @ .., caret, sign] if caret.is('^') && (sign.is('+') || sign.is('-')) => {
                (goal, Some(sign.is('+')))
            }
            [goal @ .., caret, open, sign, close]
                if caret.is('^') && open.is('{') && close.is('}') && (sign.is('+') || sign.is('-')) =>
            {
                (goal, Some(sign.is('+')))
            }
            goal => (goal, None),
        };
        let goal = expression(self.arena, goal)?;
        let infinity = self.arena.constant(Constant::Infinity);
        if let Some(value) = self.arena.as_number(goal) {
            return Some(Point::At(value.clone(), side));
        }
        let negative = self.arena.neg(infinity);
        let far = match self.arena.node(goal) {
            Node::Constant(_) => goal == infinity,
            _ => goal == negative,
        };
        (far && side.is_none()).then_some(Point::Infinity(goal == negative))
    }
}
