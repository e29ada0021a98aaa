//! Equations, inequalities and regions.

use super::{Judge, Rung};
use crate::{
    answer::{Answer, Interval, Link},
    arena::Id,
    key,
    numeric::approximate,
    region,
    substitute::{substitute, symbols},
};

impl Judge<'_> {
    pub(super) fn relations(&mut self, gold: &Answer, answer: &Answer) -> Option<bool> {
        use Answer as A;
        if let (A::Relation { members: a, links: l }, A::Relation { members: b, links: m }) = (gold, answer)
            && let Some(true) = self.chains(a, l, b, m)
        {
            return Some(true);
        }
        // A true equation of constants has a value.
        if let (A::Relation { members, links }, A::Expression { .. })
        | (A::Expression { .. }, A::Relation { members, links }) = (gold, answer)
            && links.iter().all(|link| *link == Link::Equal)
        {
            let constant = members.iter().all(|member| symbols(&self.arena, *member).is_empty());
            let last = *members.last()?;
            if !constant || members.iter().any(|member| self.ids(*member, last) != Some(true)) {
                return self.at(Rung::Structure, false);
            }
            let value = Answer::expression(last);
            return if matches!(gold, A::Relation { .. }) {
                self.answers(&value, answer)
            } else {
                self.answers(gold, &value)
            };
        }
        let is_relation = |answer: &Answer| matches!(answer, A::Relation { .. });
        if is_relation(gold) != is_relation(answer) && !self.policy.interval_as_inequality {
            return self.at(Rung::Structure, false);
        }
        let (Some(a), Some(b)) = (self.region(gold), self.region(answer)) else {
            return self.at(Rung::Structure, false);
        };
        let verdict = self.regions(&a, &b);
        self.at(Rung::Structure, verdict)
    }

    /// The same intervals once each side is in order.
    fn regions(&mut self, a: &[Interval], b: &[Interval]) -> bool {
        let (x, y) = match (region::normal(&self.arena, a), region::normal(&self.arena, b)) {
            (Some(x), Some(y)) => (x, y),
            _ => (a.to_vec(), b.to_vec()),
        };
        x.len() == y.len()
            && x.iter().zip(&y).all(|(x, y)| {
                x.low_closed == y.low_closed
                    && x.high_closed == y.high_closed
                    && self.same_end(x.low, y.low)
                    && self.same_end(x.high, y.high)
            })
    }

    fn same_end(&mut self, a: Option<Id>, b: Option<Id>) -> bool {
        match (a, b) {
            (None, None) => true,
            (Some(a), Some(b)) => self.decimals((a, None), (b, None)) == Some(true),
            _ => false,
        }
    }

    /// Two chains of relations, in either direction.
    fn chains(&mut self, a: &[Id], l: &[Link], b: &[Id], m: &[Link]) -> Option<bool> {
        if a.len() != b.len() {
            return None;
        }
        if a.len() == 2 {
            return self.pairs((a[0], a[1], l[0]), (b[0], b[1], m[0]));
        }
        let flipped: Vec<Id> = b.iter().rev().copied().collect();
        let flipped_links: Vec<Link> = m.iter().rev().map(|link| link.flipped()).collect();
        for (members, links) in [(b, m), (&flipped[..], &flipped_links[..])] {
            if l == links && a.iter().zip(members).all(|(x, y)| self.ids(*x, *y) == Some(true)) {
                return self.at(Rung::Structure, true);
            }
        }
        Some(false)
    }

    fn pairs(&mut self, (a, b, link): (Id, Id, Link), (c, d, other): (Id, Id, Link)) -> Option<bool> {
        let upward = |left, right, link: Link| match link {
            Link::Greater | Link::GreaterEqual => (right, left, link.flipped()),
            _ => (left, right, link),
        };
        let ((a, b, link), (c, d, other)) = (upward(a, b, link), upward(c, d, other));
        if link != other {
            return self.at(Rung::Structure, false);
        }
        let (f, g) = (self.arena.sub(a, b), self.arena.sub(c, d));
        let verdict = if matches!(link, Link::Equal | Link::NotEqual) {
            self.same_equation(f, g)?
        } else {
            self.proportional(f, g)?.is_some_and(|factor| factor > 0.0)
        };
        self.at(Rung::Structure, verdict)
    }

    /// Whether f = 0 and g = 0 differ by a factor that is a number.
    pub(super) fn same_equation(&mut self, f: Id, g: Id) -> Option<bool> {
        let verdict = self.proportional(f, g)?.is_some();
        self.at(Rung::Structure, verdict)
    }

    /// The factor between two expressions, where it is a number: compared with their values at one
    /// point.
    fn proportional(&mut self, f: Id, g: Id) -> Option<Option<f64>> {
        let mut names = symbols(&self.arena, f);
        if names != symbols(&self.arena, g) {
            return Some(None);
        }
        let (mut f0, mut g0) = (f, g);
        names.sort_unstable();
        for symbol in names {
            let crate::arena::Node::Symbol(name) = *self.arena.node(symbol) else { continue };
            let value = key::coordinate(self.arena.name(name), 1);
            let value = self.arena.number(value);
            f0 = substitute(&mut self.arena, f0, symbol, value);
            g0 = substitute(&mut self.arena, g0, symbol, value);
        }
        let (x, y) = (approximate(&self.arena, f0), approximate(&self.arena, g0));
        let factor = match (x, y) {
            (Some(x), Some(y)) if x != 0.0 && y != 0.0 => x / y,
            (Some(_), Some(_)) => return Some(None),
            // Complex or undefined there: as equations only.
            _ => 1.0,
        };
        let left = self.arena.mul(vec![f, g0]);
        let right = self.arena.mul(vec![g, f0]);
        Some((self.ids(left, right)?).then_some(factor))
    }

    /// A relation against `label = value`.
    pub(super) fn equation_of(&mut self, label: Id, value: &Answer, relation: &Answer) -> Option<bool> {
        let (Answer::Expression { id, .. }, Answer::Relation { members, links }) = (value, relation) else {
            return self.at(Rung::Structure, false);
        };
        let ([left, right], [Link::Equal]) = (&members[..], &links[..]) else {
            return self.at(Rung::Structure, false);
        };
        let (f, g) = (self.arena.sub(label, *id), self.arena.sub(*left, *right));
        self.same_equation(f, g)
    }
}
