//! Tokens to expressions: a Pratt parser with bounded depth.

mod atom;
mod base;
mod command;
mod fold;
mod function;
mod integral;
mod limit;
mod antiderivative;
mod ordered;
mod postfix;
mod symbol;

use dashu::rational::RBig;

use super::{
    arena::{Arena, Constant, Function, Id},
    token::{Kind, Token},
};

/// Deeper nesting is not read.
const MAX_DEPTH: usize = 48;
/// More nodes are not built.
const MAX_NODES: usize = 4000;

use atom::is_prose;
pub(crate) use command::starts_factor;
pub(crate) use function::{is_known as is_name, of_name as function_of_name};
pub(crate) use ordered::ORDERED;

/// Reads one expression from all of `tokens`.
pub(crate) fn expression(arena: &mut Arena, tokens: &[Token]) -> Option<Id> {
    let mut parser =
        Parser { arena, tokens, at: 0, depth: 0, bars: 0, folds: 0, hopeless: false, improper: false };
    let mut id = parser.sum()?;
    if parser.eat_command(&["choose"]) {
        let k = parser.sum()?;
        id = parser.arena.function(super::arena::Function::Binomial, vec![id, k]);
    }
    (parser.at == tokens.len()).then_some(id)
}

pub(crate) struct Parser<'a> {
    arena: &'a mut Arena,
    tokens: &'a [Token],
    at: usize,
    depth: usize,
    /// Open bars of absolute values.
    bars: usize,
    /// Sums and products around this one.
    folds: usize,
    /// Set once something cannot be read in any way, so that no other way is tried at every level.
    hopeless: bool,
    /// Whether an improper fraction followed a whole number.
    improper: bool,
}

impl<'a> Parser<'a> {
    fn peek(&self) -> Option<&'a Token> {
        self.tokens.get(self.at)
    }

    fn peek_at(&self, ahead: usize) -> Option<&'a Token> {
        self.tokens.get(self.at + ahead)
    }

    fn next(&mut self) -> Option<&'a Token> {
        let token = self.tokens.get(self.at)?;
        self.at += 1;
        Some(token)
    }

    fn eat(&mut self, symbol: char) -> bool {
        let found = self.peek().is_some_and(|token| token.is(symbol));
        self.at += usize::from(found);
        found
    }

    fn eat_command(&mut self, names: &[&str]) -> bool {
        let found = self.peek().and_then(Token::command).is_some_and(|name| names.contains(&name));
        self.at += usize::from(found);
        found
    }

    fn nested<T>(&mut self, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        if self.hopeless || self.depth == MAX_DEPTH || self.arena.len() > MAX_NODES {
            return None;
        }
        self.arena.spend(1)?;
        self.depth += 1;
        let result = read(self);
        self.depth -= 1;
        result
    }

    pub(crate) fn sum(&mut self) -> Option<Id> {
        self.nested(|parser| {
            let mut terms = Vec::new();
            let mut negative = false;
            let mut first = true;
            loop {
                let mut split = None;
                let mut signs = 0;
                loop {
                    if parser.eat('-') {
                        negative = !negative;
                    } else if parser.eat_command(&["pm"]) {
                        split = Some(1);
                    } else if parser.eat_command(&["mp"]) {
                        split = Some(-1);
                    } else if !parser.eat('+') {
                        break;
                    }
                    signs += 1;
                    if signs > 4 {
                        return None;
                    }
                }
                if signs == 0 && !first {
                    break;
                }
                let mut term = parser.product()?;
                if parser.eat_command(&["bmod", "mod"]) {
                    if !first {
                        // `7+5 \bmod 12` is read in two ways.
                        return None;
                    }
                    let value = if std::mem::take(&mut negative) { parser.arena.neg(term) } else { term };
                    let modulus = parser.signed_power()?;
                    term = parser.arena.function(Function::Mod, vec![value, modulus]);
                }
                first = false;
                if let Some(sign) = split {
                    let both = parser.arena.constant(Constant::PlusMinus);
                    let sign = parser.arena.integer(sign);
                    term = parser.arena.mul(vec![sign, both, term]);
                }
                if negative {
                    term = parser.arena.neg(term);
                }
                negative = false;
                terms.push(term);
            }
            Some(if let [only] = terms[..] { only } else { parser.arena.add(terms) })
        })
    }

    fn product(&mut self) -> Option<Id> {
        let mut factors = Vec::new();
        if !self.capitals(&mut factors)? {
            factors.push(self.mixed()?);
        }
        loop {
            if self.crosses() {
                self.at += 1;
                let left = factors.pop()?;
                let right = self.power()?;
                factors.push(self.cross(left, right));
            } else if self.eat('*') || self.eat_command(&["times", "cdot", "ast", "bullet"]) {
                // `1.5 \times 10^{3}` and a sign after the operator.
                let factor = self.signed_power()?;
                factors.push(factor);
            } else if self.eat('/') || self.eat_command(&["div", "over"]) {
                let below = self.signed_power()?;
                let above = self.arena.mul(std::mem::take(&mut factors));
                factors.push(self.arena.div(above, below));
            } else if self.starts_factor() {
                if !self.capitals(&mut factors)? {
                    factors.push(self.power()?);
                }
            } else {
                break;
            }
        }
        if let Some(product) = self.of_matrices(&factors) {
            return Some(product);
        }
        Some(if let [only] = factors[..] { only } else { self.arena.mul(factors) })
    }

    fn signed_power(&mut self) -> Option<Id> {
        let mut negative = false;
        let mut both = false;
        for _ in 0..3 {
            if self.eat('-') {
                negative = !negative;
            } else if self.eat_command(&["pm"]) {
                both = true;
            } else if !self.eat('+') {
                break;
            }
        }
        let mut power = self.power()?;
        if both {
            let sign = self.arena.constant(Constant::PlusMinus);
            power = self.arena.mul(vec![sign, power]);
        }
        Some(if negative { self.arena.neg(power) } else { power })
    }

    /// A power, or a mixed number: a whole number and a proper fraction.
    fn mixed(&mut self) -> Option<Id> {
        let start = self.at;
        if let Some(Kind::Number(whole)) = self.peek().map(|token| &token.kind)
            && whole.decimal.is_none()
            && let Some(fraction) = self.fraction_after_whole()
        {
            return Some(self.arena.number(&whole.value + fraction));
        }
        let improper = self.improper;
        self.improper = false;
        if improper {
            // `1\frac{9}{5}` is neither a mixed number nor surely a product.
            return None;
        }
        self.at = start;
        self.power()
    }

    /// What makes a whole number mixed: `\frac{1}{2}`, or ` 1/2` after a space.
    fn fraction_after_whole(&mut self) -> Option<RBig> {
        self.at += 1;
        let token = self.peek()?;
        let fraction = match &token.kind {
            // Plain numbers only: to try more would read nested fractions twice at every level.
            Kind::Command(name) if matches!(name.as_str(), "frac" | "dfrac" | "tfrac" | "cfrac") => {
                self.at += 1;
                let (above, below) = (self.plain_number()?, self.plain_number()?);
                if below.is_zero() {
                    return None;
                }
                self.improper = above >= below && !above.is_zero();
                above / below
            }
            Kind::Number(above) if token.space && above.value.is_int() => {
                self.at += 1;
                if !self.eat('/') {
                    return None;
                }
                let Kind::Number(below) = &self.next()?.kind else { return None };
                if below.value.is_zero() {
                    return None;
                }
                &above.value / &below.value
            }
            _ => return None,
        };
        (fraction > RBig::ZERO && fraction < RBig::ONE && !fraction.is_int()).then_some(fraction)
    }

    /// A whole number, in braces or not.
    fn plain_number(&mut self) -> Option<RBig> {
        let braces = self.eat('{');
        let Kind::Number(literal) = &self.next()?.kind else { return None };
        (literal.value.is_int() && (!braces || self.eat('}'))).then(|| literal.value.clone())
    }

    /// Whether the next token can be a factor without an operator before it.
    fn starts_factor(&self) -> bool {
        let Some(token) = self.peek() else { return false };
        if self.are_digits_beside_digits() {
            return false;
        }
        match &token.kind {
            Kind::Number(_) => {
                // Two numbers side by side are no product, nor is a number after a gap.
                if token.wide {
                    return false;
                }
                let before = self.at.checked_sub(1).map(|at| &self.tokens[at].kind);
                !matches!(before, Some(Kind::Number(_)))
            }
            Kind::Letter(_) | Kind::Blackboard(_) => true,
            Kind::Word(word) => !matches!(word.as_str(), "mod" | "or" | "and" | "choose"),
            Kind::Begin(_) => true,
            Kind::Symbol('(' | '[' | '{') => true,
            Kind::Symbol('|') => self.bars == 0,
            Kind::Command(name) => starts_factor(name),
            _ => false,
        }
    }

    /// Whether a number stands before and after, and one of them in braces: `{4}{2}` shows 42.
    fn are_digits_beside_digits(&self) -> bool {
        let number = |token: &Token| matches!(token.kind, Kind::Number(_));
        let braced = |group: &[Token]| group[0].is('{') && number(&group[1]) && group[2].is('}');
        let (before, after) = self.tokens.split_at(self.at);
        let ends = match before {
            [rest @ .., open, inside, close] if braced(&[open.clone(), inside.clone(), close.clone()]) => {
                // Arguments and exponents are no numbers of their own.
                rest.last().is_none_or(|token| "+-*/(=,".contains(|c| token.is(c)))
            }
            [.., last] => number(last),
            [] => false,
        };
        ends && (after.len() > 2 && braced(&after[..3]) || after.first().is_some_and(number))
    }

    /// An atom with its powers and postfix operators.
    fn power(&mut self) -> Option<Id> {
        self.nested(|parser| {
            let base = parser.atom()?;
            parser.postfix(base)
        })
    }

    /// A group in braces.
    fn group(&mut self) -> Option<Id> {
        if !self.eat('{') {
            return None;
        }
        let bars = std::mem::take(&mut self.bars);
        let inside = self.sum()?;
        self.bars = bars;
        self.eat('}').then_some(inside)
    }
}
