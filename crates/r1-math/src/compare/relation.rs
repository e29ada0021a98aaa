//! Equations, inequalities and regions.

use dashu::rational::RBig;

use super::{Comparison, Finding, Rung, holds};
use crate::{
    answer::{Answer, Interval, Link},
    arena::{Id, Node},
    key,
    numeric::approximate,
    region,
    substitute::{is_constant, substitute, symbols, unknowns},
};

/// Points at which the factor between two equations is looked for: positive symbols, then negative ones.
const POINTS: [u32; 3] = [1, 5, 6];

impl Comparison<'_> {
    pub(super) fn relations(&mut self, gold: &Answer, answer: &Answer) -> Option<Finding> {
        use Answer as A;
        if let (A::Relation { members: a, links: l }, A::Relation { members: b, links: m }) = (gold, answer) {
            if self.is_statement(a) || self.is_statement(b) {
                return self.statements((a, l), (b, m));
            }
            let chains = self.chains(a, l, b, m);
            if holds(chains) {
                return chains;
            }
        }
        // A true equation of constants has a value, where the value was asked for.
        if let (A::Expression { .. }, A::Relation { members, links }) = (gold, answer)
            && links.iter().all(|link| *link == Link::Equal)
        {
            let last = *members.last()?;
            let constant = self.is_statement(members);
            if !constant || members.iter().any(|member| !holds(self.ids(*member, last))) {
                return Finding::apart();
            }
            return self.answers(gold, &Answer::expression(last));
        }
        let is_relation = |answer: &Answer| matches!(answer, A::Relation { .. });
        if is_relation(gold) != is_relation(answer) && !self.policy.interval_as_inequality {
            return Finding::apart();
        }
        let (Some((x, a)), Some((y, b))) =
            (region::bounded(&mut self.arena, gold), region::bounded(&mut self.arena, answer))
        else {
            return Finding::apart();
        };
        // `x > 5` is not `t > 5`; an interval names no symbol.
        if x.zip(y).is_some_and(|(x, y)| x != y) {
            return Finding::apart();
        }
        // A point is no interval whose ends are in the wrong order.
        let point = matches!(gold, A::Tuple(_)) || matches!(answer, A::Tuple(_));
        if point && a.iter().chain(&b).any(|interval| region::is_reversed(&self.arena, interval)) {
            return Finding::apart();
        }
        let verdict = self.regions(&a, &b);
        Finding::at(Rung::Structure, verdict)
    }

    /// Whether nothing is unknown in a relation, so that it is true or false.
    fn is_statement(&self, members: &[Id]) -> bool {
        members.iter().all(|member| is_constant(&self.arena, *member))
    }

    /// Two statements about constants: the same inequality between the same values. Equations need the same
    /// text, since all true ones have equal sides.
    fn statements(&mut self, (a, l): (&[Id], &[Link]), (b, m): (&[Id], &[Link])) -> Option<Finding> {
        let statements = self.is_statement(a) && self.is_statement(b) && a.len() == b.len();
        if !statements || l.iter().chain(m).any(|link| matches!(link, Link::Equal | Link::NotEqual)) {
            return Finding::apart();
        }
        let flipped: Vec<Id> = b.iter().rev().copied().collect();
        let flipped_links: Vec<Link> = m.iter().rev().map(|link| link.flipped()).collect();
        let same = [(b, m), (&flipped[..], &flipped_links[..])].into_iter().any(|(members, links)| {
            l == links && a.iter().zip(members).all(|(x, y)| holds(self.ids(*x, *y)))
        });
        let verdict = same && self.is_true(a, l);
        Finding::at(Rung::Structure, verdict)
    }

    fn is_true(&self, members: &[Id], links: &[Link]) -> bool {
        members.windows(2).zip(links).all(|(pair, link)| {
            let (Some(x), Some(y)) = (approximate(&self.arena, pair[0]), approximate(&self.arena, pair[1]))
            else {
                return false;
            };
            match link {
                Link::Less => x < y,
                Link::LessEqual => x <= y,
                Link::Greater => x > y,
                Link::GreaterEqual => x >= y,
                Link::Equal | Link::NotEqual => false,
            }
        })
    }

    /// The same intervals once each side is in order.
    fn regions(&mut self, a: &[Interval], b: &[Interval]) -> bool {
        if a.is_empty() || b.is_empty() {
            // Nothing is equal to what is only found to be empty.
            return false;
        }
        let reversed = a.iter().chain(b).any(|interval| region::is_reversed(&self.arena, interval));
        let (x, y) = match (region::normal(&self.arena, a), region::normal(&self.arena, b)) {
            (Some(x), Some(y)) if !reversed => (x, y),
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
            (Some(a), Some(b)) => holds(self.decimals((a, None), (b, None))),
            _ => false,
        }
    }

    /// Two chains of relations, in either direction.
    fn chains(&mut self, a: &[Id], l: &[Link], b: &[Id], m: &[Link]) -> Option<Finding> {
        if a.len() != b.len() {
            return None;
        }
        if a.len() == 2 {
            return self.pairs((a[0], a[1], l[0]), (b[0], b[1], m[0]));
        }
        let flipped: Vec<Id> = b.iter().rev().copied().collect();
        let flipped_links: Vec<Link> = m.iter().rev().map(|link| link.flipped()).collect();
        for (members, links) in [(b, m), (&flipped[..], &flipped_links[..])] {
            if l == links && a.iter().zip(members).all(|(x, y)| holds(self.ids(*x, *y))) {
                return Finding::at(Rung::Structure, true);
            }
        }
        Finding::apart()
    }

    fn pairs(&mut self, (a, b, link): (Id, Id, Link), (c, d, other): (Id, Id, Link)) -> Option<Finding> {
        let upward = |left, right, link: Link| match link {
            Link::Greater | Link::GreaterEqual => (right, left, link.flipped()),
            _ => (left, right, link),
        };
        let ((a, b, link), (c, d, other)) = (upward(a, b, link), upward(c, d, other));
        if link != other {
            return Finding::apart();
        }
        let (f, g) = (self.arena.sub(a, b), self.arena.sub(c, d));
        if matches!(link, Link::Equal | Link::NotEqual) {
            return self.same_equation(f, g);
        }
        let verdict = self.proportional(f, g)?.is_some_and(|factor| factor > 0.0);
        Finding::at(Rung::Structure, verdict)
    }

    /// Whether f = 0 and g = 0 differ by a factor that is a number, and neither holds everywhere.
    pub(super) fn same_equation(&mut self, f: Id, g: Id) -> Option<Finding> {
        if let Some(Some(verdict)) = self.proportional(f, g) {
            return Finding::at(Rung::Structure, verdict != 0.0);
        }
        let verdict = self.solved(f, g) || self.solved(g, f);
        Finding::at(Rung::Structure, verdict)
    }

    /// Whether f = 0 is `k v = r` with a number r that is not nought, and g = 0 solved for v, as `xy = 1` and
    /// `y = 1/x`: where k is nought neither has a solution.
    fn solved(&mut self, f: Id, g: Id) -> bool {
        symbols(&self.arena, g).into_iter().any(|symbol| {
            let Some((slope, rest)) = self.line(g, symbol) else { return false };
            if self.arena.as_number(slope).is_none_or(RBig::is_zero) {
                return false;
            }
            let Some((steep, nought)) = self.line(f, symbol) else { return false };
            let constant = is_constant(&self.arena, nought)
                && approximate(&self.arena, nought).is_some_and(|value| value.abs() > 1e-9);
            let (left, right) = (self.arena.mul(vec![steep, rest]), self.arena.mul(vec![slope, nought]));
            constant && holds(self.ids(left, right))
        })
    }

    /// A sum as a symbol times a slope, and the rest, as it is written.
    fn line(&mut self, id: Id, symbol: Id) -> Option<(Id, Id)> {
        let parts = |node: &Node, sum: bool| match node {
            Node::Add(terms) if sum => terms.to_vec(),
            Node::Mul(factors) if !sum => factors.to_vec(),
            _ => Vec::new(),
        };
        let (mut slope, mut rest) = (Vec::new(), Vec::new());
        for term in parts(self.arena.node(id), true) {
            if !symbols(&self.arena, term).contains(&symbol) {
                rest.push(term);
                continue;
            }
            let mut factors = if term == symbol { vec![term] } else { parts(self.arena.node(term), false) };
            let at = factors.iter().position(|factor| *factor == symbol)?;
            factors.remove(at);
            if factors.iter().any(|factor| symbols(&self.arena, *factor).contains(&symbol)) {
                return None;
            }
            slope.push(self.arena.mul(factors));
        }
        (!slope.is_empty()).then(|| (self.arena.add(slope), self.arena.add(rest)))
    }

    /// The factor between two expressions, where it is a number: compared with their values at one point.
    /// Expressions that have no real value there must be equal themselves, with a factor of one.
    fn proportional(&mut self, f: Id, g: Id) -> Option<Option<f64>> {
        let names = unknowns(&self.arena, f);
        if names.is_empty() || names != unknowns(&self.arena, g) {
            return Some(None);
        }
        for point in POINTS {
            let (mut f0, mut g0) = (f, g);
            for (at, unknown) in names.iter().enumerate() {
                let value = match *self.arena.node(*unknown) {
                    Node::Symbol(name) => key::coordinate(self.arena.name(name), point),
                    _ => key::coordinate(&format!("value@{at}"), point),
                };
                let value = self.arena.number(value);
                f0 = substitute(&mut self.arena, f0, *unknown, value);
                g0 = substitute(&mut self.arena, g0, *unknown, value);
            }
            match (approximate(&self.arena, f0), approximate(&self.arena, g0)) {
                (Some(x), Some(y)) if x != 0.0 && y != 0.0 => {
                    // What holds everywhere leaves a rounding error at a point.
                    let zero = self.arena.integer(0);
                    if holds(self.ids(f, zero)) || holds(self.ids(g, zero)) {
                        return Some(None);
                    }
                    // The same equation is compared without its value, which only costs.
                    let same = (x - y).abs() <= 1e-12 * x.abs();
                    let (left, right) = match same {
                        true => (f, g),
                        false => (self.arena.mul(vec![f, g0]), self.arena.mul(vec![g, f0])),
                    };
                    return Some(self.ids(left, right)?.equal.then_some(x / y));
                }
                (Some(_), Some(_)) => return Some(None),
                _ => {}
            }
        }
        let zero = self.arena.integer(0);
        let trivial = holds(self.ids(f, zero)) || holds(self.ids(g, zero));
        if trivial {
            return Some(None);
        }
        if holds(self.ids(f, g)) {
            return Some(Some(1.0));
        }
        let opposite = self.arena.neg(g);
        Some(holds(self.ids(f, opposite)).then_some(-1.0))
    }

    /// A relation against `label = value`.
    pub(super) fn equation_of(&mut self, label: Id, value: &Answer, relation: &Answer) -> Option<Finding> {
        let (Answer::Expression { id, .. }, Answer::Relation { members, links }) = (value, relation) else {
            return Finding::apart();
        };
        let ([left, right], [Link::Equal]) = (&members[..], &links[..]) else {
            return Finding::apart();
        };
        let (f, g) = (self.arena.sub(label, *id), self.arena.sub(*left, *right));
        self.same_equation(f, g)
    }
}
