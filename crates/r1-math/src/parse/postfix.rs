//! What stands behind an atom: powers, degrees, derivatives, factorials and percent signs.

use dashu::rational::RBig;

use super::Parser;
use crate::{
    arena::{Constant, Function, Id, Node},
    token::{Kind, Token},
};

impl Parser<'_> {
    /// Powers, degrees, factorials and percent signs behind an atom.
    pub(super) fn postfix(&mut self, mut base: Id) -> Option<Id> {
        for _ in 0..6 {
            if self.degree_sign() {
                let degree = self.arena.constant(Constant::Degree);
                base = self.minutes(base)?;
                base = self.arena.mul(vec![base, degree]);
            } else if let Some(name) = self.derivative(base) {
                base = name;
            } else if self.eat('^') {
                let exponent = self.exponent()?;
                base = self.arena.pow(base, exponent);
            } else if self.peek().is_some_and(|token| token.is('!')) {
                self.at += 1;
                let double = self.eat('!');
                let function = if double { Function::DoubleFactorial } else { Function::Factorial };
                base = self.arena.function(function, vec![base]);
            } else if self.eat('%') {
                if matches!(self.peek().map(|token| &token.kind), Some(Kind::Number(_))) {
                    return None;
                }
                let hundredth = self.arena.number(RBig::from_parts(1.into(), 100u8.into()));
                base = self.arena.mul(vec![base, hundredth]);
            } else {
                return Some(base);
            }
        }
        None
    }

    /// `y^{(4)}`, the fourth derivative, and no power.
    fn derivative(&mut self, base: Id) -> Option<Id> {
        let Node::Symbol(name) = *self.arena.node(base) else { return None };
        let [caret, open, left, Token { kind: Kind::Number(order), .. }, right, close, ..] =
            &self.tokens[self.at..]
        else {
            return None;
        };
        let marks = caret.is('^') && open.is('{') && left.is('(') && right.is(')') && close.is('}');
        if !marks {
            return None;
        }
        self.at += 6;
        let name = format!("{}^({})", self.arena.name(name), order.digits);
        Some(self.arena.symbol(&name))
    }

    /// Minutes and seconds after a degree sign, as `40^\circ 30'`, added to the degrees.
    fn minutes(&mut self, degrees: Id) -> Option<Id> {
        let mut sum = degrees;
        for (share, marks) in [(60, 1), (3600, 2)] {
            let Some(Kind::Number(literal)) = self.peek().map(|token| &token.kind) else { break };
            if !(1..=marks).all(|ahead| self.peek_at(ahead).is_some_and(|token| token.is('\''))) {
                break;
            }
            self.at += 1 + marks;
            let part = self.arena.number(&literal.value / RBig::from(share));
            sum = self.arena.add(vec![sum, part]);
        }
        Some(sum)
    }

    /// `^\circ`, `^{\circ}`, `\degree`, `°`.
    fn degree_sign(&mut self) -> bool {
        let symbol = |ahead: usize, c: char| self.peek_at(ahead).is_some_and(|token| token.is(c));
        let circle = |ahead: usize| {
            self.peek_at(ahead).is_some_and(|token| token.is_command("circ") || token.is_command("degree"))
        };
        let length = if symbol(0, '^') && circle(1) {
            2
        } else if symbol(0, '^') && symbol(1, '{') && circle(2) && symbol(3, '}') {
            4
        } else if self.peek().is_some_and(|token| token.is_command("degree")) {
            1
        } else {
            return false;
        };
        self.at += length;
        true
    }

    /// What stands after `^`: a group, a signed number, or one token.
    pub(super) fn exponent(&mut self) -> Option<Id> {
        if self.eat('-') {
            let exponent = self.exponent()?;
            return Some(self.arena.neg(exponent));
        }
        if self.peek()?.is('{') {
            return self.group();
        }
        self.nested(|parser| {
            let atom = parser.argument_digit()?;
            // Powers bind to the right: 2^3^2 is 2^9.
            if parser.eat('^') {
                let exponent = parser.exponent()?;
                return Some(parser.arena.pow(atom, exponent));
            }
            Some(atom)
        })
    }
}
