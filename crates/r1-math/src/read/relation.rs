//! Equations, inequalities, chains of them, and membership.

use super::{
    Answer, Reader,
    label::{is_matrix_name, rendered},
    split,
};
use crate::{
    answer::Link,
    arena::{Constant, Id, Node},
    lexer,
    numeric::approximate,
    parse,
    substitute::{is_constant, mentions, substitute},
    token::{Kind, Token},
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Joint {
    Link(Link),
    Approximate,
    Member,
}

fn joint(token: &Token) -> Option<Joint> {
    Some(match &token.kind {
        Kind::Symbol('=') => Joint::Link(Link::Equal),
        Kind::Symbol('<') => Joint::Link(Link::Less),
        Kind::Symbol('>') => Joint::Link(Link::Greater),
        Kind::Command(name) => match name.as_str() {
            "le" | "leq" | "leqslant" => Joint::Link(Link::LessEqual),
            "lt" => Joint::Link(Link::Less),
            "ge" | "geq" | "geqslant" => Joint::Link(Link::GreaterEqual),
            "gt" => Joint::Link(Link::Greater),
            "ne" | "neq" => Joint::Link(Link::NotEqual),
            "equiv" => Joint::Link(Link::Equal),
            "approx" | "simeq" | "cong" => Joint::Approximate,
            "in" => Joint::Member,
            _ => return None,
        },
        _ => return None,
    })
}

/// Whether a token joins the members of a relation.
pub(super) fn is_joint(token: &Token) -> bool {
    joint(token).is_some()
}

/// The command of which a part is a call: one bracket behind it and nothing else.
fn is_call(part: &[Token]) -> Option<&str> {
    let [head, open, inside @ .., close] = part else { return None };
    let flat = !inside.iter().any(|token| token.is('(') || token.is(')'));
    let head = head.command().filter(|name| parse::function_of_name(name).is_none());
    head.filter(|_| open.is('(') && close.is(')') && flat)
}

impl Reader<'_> {
    /// Members joined by relations; `None` when there is no relation outside of brackets.
    pub(super) fn relation(&mut self, tokens: &[Token]) -> Option<Option<Answer>> {
        let parts = split::top(tokens, |token| joint(token).is_some());
        if parts.len() < 2 {
            return None;
        }
        let mut at = 0;
        let joints: Vec<Joint> = parts[..parts.len() - 1]
            .iter()
            .filter_map(|part| {
                at += part.len() + 1;
                joint(&tokens[at - 1])
            })
            .collect();
        Some(self.joined(&parts, &joints))
    }

    fn joined(&mut self, parts: &[&[Token]], joints: &[Joint]) -> Option<Answer> {
        let last = parts.len() - 1;
        if joints.contains(&Joint::Member) {
            // `x \in S`: anything but a name before it would be dropped.
            let (label, name) = self.label(parts[0]).filter(|_| joints.len() == 1)?;
            // What a number is an element of is an interval, and no pair.
            let set = match label {
                Some(_) => self.open_interval(parts[last]),
                None => None,
            };
            let value = Box::new(match set {
                Some(interval) => interval,
                None => self.structure(parts[last])?,
            });
            if matches!(*value, Answer::Expression { .. } | Answer::Quantity { .. } | Answer::Percent { .. })
            {
                // An element of a set with a name is not that set.
                return None;
            }
            return Some(Answer::Assignment { name, label, value, between: Vec::new(), rounded: false });
        }
        if joints.iter().all(|joint| matches!(joint, Joint::Link(Link::Equal) | Joint::Approximate)) {
            return match self.side_by_side(parts) {
                Some(equations) => self.equations(&equations),
                None => self.chain(parts, joints),
            };
        }
        let links: Option<Vec<Link>> = joints
            .iter()
            .map(|joint| match joint {
                Joint::Link(link) => Some(*link),
                _ => None,
            })
            .collect();
        let members: Option<Vec<Id>> = (0..parts.len()).map(|at| self.member(parts, at)).collect();
        let (members, links) = (members?, links?);
        let both = self.arena.constant(Constant::PlusMinus);
        if links[..] == [Link::NotEqual]
            && members.iter().any(|member| {
                mentions(self.arena, *member, &|node| *node == Node::Constant(Constant::PlusMinus))
            })
        {
            // Neither of the two values.
            let each = [1, -1].map(|sign| {
                let sign = self.arena.integer(sign);
                let members = members.iter().map(|id| substitute(self.arena, *id, both, sign)).collect();
                Answer::Relation { members, links: links.clone() }
            });
            return Some(self.tidy(each.to_vec(), true, false));
        }
        Some(Answer::Relation { members, links })
    }

    /// A member of a chain. `e` and `i` that stand alone beside constants are names: `i < 11`.
    fn member(&mut self, parts: &[&[Token]], at: usize) -> Option<Id> {
        if let [Token { kind: Kind::Letter(letter @ ('e' | 'i')), .. }] = super::trim(parts[at]) {
            let others = (0..parts.len()).filter(|other| *other != at);
            let others: Option<Vec<Id>> =
                others.map(|other| parse::expression(self.arena, parts[other])).collect();
            if others?.iter().all(|other| is_constant(self.arena, *other)) {
                return Some(self.arena.symbol(&letter.to_string()));
            }
        }
        parse::expression(self.arena, parts[at])
    }

    /// Where a member of a chain ends one equation and begins the next, as `1 y` in `x = 1 y = 2`: at a
    /// name after a gap, where the gap is wide, the first name comes again, or a number stands before.
    fn side_by_side<'t>(&mut self, parts: &[&'t [Token]]) -> Option<Vec<(&'t [Token], &'t [Token])>> {
        let last = parts.len().checked_sub(1).filter(|last| *last >= 2)?;
        let mut equations = Vec::new();
        let mut name = parts[0];
        for middle in &parts[1..last] {
            let at = (1..middle.len()).rev().find(|at| middle[*at].space || middle[*at].wide)?;
            let (value, next) = middle.split_at(at);
            if !self.is_symbol(next) && !self.is_name(next) {
                return None;
            }
            let again = lexer::spelt(next) == lexer::spelt(parts[0]);
            let number = parse::expression(self.arena, value).is_some_and(|id| is_constant(self.arena, id));
            if !(middle[at].wide || again || number) {
                return None;
            }
            equations.push((name, value));
            name = next;
        }
        equations.push((name, parts[last]));
        Some(equations)
    }

    fn equations(&mut self, equations: &[(&[Token], &[Token])]) -> Option<Answer> {
        let joints = [Joint::Link(Link::Equal)];
        let items: Option<Vec<Answer>> =
            equations.iter().map(|(left, right)| self.chain(&[left, right], &joints)).collect();
        items.map(Answer::List)
    }

    /// `label = .. = value`, perhaps with an approximation at the end.
    fn chain(&mut self, parts: &[&[Token]], joints: &[Joint]) -> Option<Answer> {
        let parts: Vec<&[Token]> = parts.iter().map(|part| super::trim(part)).collect();
        // An empty side, as in `= 5`.
        if parts[0].is_empty() {
            let rest = &parts[1..];
            return match rest {
                [only] => self.structure(only),
                _ => self.chain(rest, &joints[1..]),
            };
        }
        let first = lexer::spelt(parts[0]);
        if parts[0]
            .iter()
            .any(|token| matches!(token.kind, Kind::Number(_) | Kind::Command(_) | Kind::Letter('e' | 'i')))
            && parts[1..].iter().all(|part| lexer::spelt(part) == first)
        {
            // `5 = 5` says nothing.
            return None;
        }
        let approximate = joints.iter().position(|joint| *joint == Joint::Approximate);
        // The exact member before the first approximation, unless that is the label.
        let value_at = match approximate {
            Some(0) if !self.is_name(parts[0]) => 0,
            Some(0) | None => parts.len() - 1,
            Some(at) => at,
        };
        let rounded = approximate == Some(0) && value_at > 0;
        if let Some(at) = approximate
            && !rounded
            && !self.agree(parts[value_at], &parts[at + 1..])
        {
            return None;
        }
        if value_at == 0 {
            return self.structure(parts[0]);
        }
        // Two segments are equal to each other.
        if parts.len() == 2
            && let Some(sides) = self.segments(parts[0], parts[1])
        {
            return Some(Answer::Relation { members: sides.to_vec(), links: vec![Link::Equal] });
        }
        let (label, name) = match self.label(parts[0]).or_else(|| self.letter(&parts)) {
            Some(label) => label,
            None if parts.len() == 2
                && self.is_name(parts[1])
                && !matches!(parts[0], [Token { kind: Kind::Letter('e' | 'i'), .. }]) =>
            {
                let (label, name) = self.label(parts[1])?;
                let value = Box::new(self.structure(parts[0])?);
                return Some(Answer::Assignment { name, label, value, between: Vec::new(), rounded: false });
            }
            None if is_matrix_name(parts[0])
                && parts[value_at].iter().any(|token| matches!(token.kind, Kind::Begin(_))) =>
            {
                (parse::expression(self.arena, parts[0]), rendered(parts[0]))
            }
            None if value_at > 1 => {
                let named = parts[..value_at].iter().find(|part| self.is_symbol(part));
                let (label, name) = match named.and_then(|part| self.label(part)) {
                    Some(named) => named,
                    // `2x = 10/2 = 5` is about `2x`.
                    None => {
                        let left = parse::expression(self.arena, parts[0])?;
                        let unknown = !is_constant(self.arena, left);
                        if unknown { (Some(left), rendered(parts[0])) } else { (None, String::new()) }
                    }
                };
                let between = self.others(&parts[..value_at])?;
                let value = Box::new(self.structure(parts[value_at])?);
                return Some(Answer::Assignment { name, label, value, between, rounded });
            }
            // `\omega(2n) = \omega(n)` is about a function, and no product.
            None if parts.len() == 2
                && is_call(parts[0]).is_some_and(|name| is_call(parts[1]) == Some(name)) =>
            {
                return None;
            }
            None => {
                let left = parse::expression(self.arena, parts[0])?;
                let right = parse::expression(self.arena, parts[value_at])?;
                return Some(Answer::Relation { members: vec![left, right], links: vec![Link::Equal] });
            }
        };
        if rounded && !parts[value_at].iter().any(|token| matches!(token.kind, Kind::Number(_))) {
            // `a \sim b` says something of two things, and gives neither a value.
            return None;
        }
        let value = Box::new(self.structure(parts[value_at])?);
        if let (Some(label), Answer::Expression { id, .. }) = (label, &*value)
            && label == *id
        {
            // `x = x` gives no value.
            return Some(Answer::Relation { members: vec![label, label], links: vec![Link::Equal] });
        }
        let between = self.others(&parts[1..value_at])?;
        Some(Answer::Assignment { name, label, value, between, rounded })
    }

    /// Both sides of `AB = CD`.
    fn segments(&mut self, left: &[Token], right: &[Token]) -> Option<[Id; 2]> {
        let capitals = |tokens: &[Token]| matches!(tokens, [Token { kind: Kind::Word(word), .. }] if word.bytes().all(|byte| byte.is_ascii_uppercase()));
        if !(capitals(left) && capitals(right)) {
            return None;
        }
        Some([parse::expression(self.arena, left)?, parse::expression(self.arena, right)?])
    }

    /// `x \\mapsto 7x`, `f: x \\mapsto 7x`, as an equation for the value of the function.
    pub(super) fn mapping(&mut self, tokens: &[Token]) -> Option<Option<Answer>> {
        let at = tokens.iter().position(|token| token.is_command("mapsto"))?;
        let (function, variable) = match &tokens[..at] {
            [Token { kind: Kind::Letter(variable), .. }] => ('f', *variable),
            [
                Token { kind: Kind::Letter(function), .. },
                colon,
                Token { kind: Kind::Letter(variable), .. },
            ] if colon.is(':') => (*function, *variable),
            _ => return Some(None),
        };
        let argument = self.arena.symbol(&variable.to_string());
        let call = self.arena.intern(&function.to_string());
        let label = self.arena.insert(Node::Call(call, Box::new([argument])));
        let Some(value) = self.structure(&tokens[at + 1..]) else { return Some(None) };
        let (name, value) = (format!("{function}({variable})"), Box::new(value));
        Some(Some(Answer::Assignment {
            name,
            label: Some(label),
            value,
            between: Vec::new(),
            rounded: false,
        }))
    }

    /// `e = 2`, `i = 4`: a letter that is a number elsewhere, and is named here.
    fn letter(&mut self, parts: &[&[Token]]) -> Option<(Option<Id>, String)> {
        let [Token { kind: Kind::Letter(letter @ ('e' | 'i')), .. }] = parts[0] else { return None };
        let other = parts.len() == 2 && self.is_symbol(parts[1]);
        let name = letter.to_string();
        (!other).then(|| (Some(self.arena.symbol(&name)), name))
    }

    /// Whether the numbers after a sign of approximation are near the exact one: its rounding or truncation
    /// at the last place that is written.
    fn agree(&mut self, exact: &[Token], rounded: &[&[Token]]) -> bool {
        let mut value = |tokens: &[Token]| {
            let (id, decimal) = match self.structure(tokens)? {
                Answer::Expression { id, decimal }
                | Answer::Quantity { id, decimal, .. }
                | Answer::Percent { id, decimal } => (id, decimal),
                _ => return None,
            };
            let value = approximate(self.arena, id)?;
            let unit = match decimal {
                Some(decimal) => 10f64.powi(-i32::try_from(decimal.places).ok()?),
                None if self.arena.as_integer(id).is_some() => 1.0,
                None => 1e-3 * value.abs(),
            };
            Some((value, unit))
        };
        // What has no value cannot agree.
        let Some((exact, _)) = value(exact) else { return rounded.is_empty() };
        rounded.iter().all(|tokens| {
            value(tokens).is_some_and(|(written, unit)| {
                let cut = written.abs() < exact.abs() && (exact - written).abs() < unit;
                exact == written || cut || (exact - written).abs() <= 0.5 * unit
            })
        })
    }

    /// The members between; none may be dropped unread.
    fn others(&mut self, parts: &[&[Token]]) -> Option<Vec<Id>> {
        parts.iter().map(|part| parse::expression(self.arena, part)).collect()
    }
}
