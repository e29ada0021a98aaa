//! Answers by their kinds.

use dashu::rational::RBig;

use super::{Comparison, Dropped, Finding, Rung, decimal::Value, holds};
use crate::{
    answer::Answer,
    arena::{Function, Id, Node},
    region,
    substitute::{is_constant, mentions, substitute, symbols},
    text,
};

impl Comparison<'_> {
    /// Whether `answer` says what `gold` says.
    pub(super) fn answers(&mut self, gold: &Answer, answer: &Answer) -> Option<Finding> {
        let known = self.dropped.len();
        let found = self.by_kind(gold, answer);
        if !holds(found) {
            // What was left out on a way that led nowhere.
            self.dropped.truncate(known);
        }
        found
    }

    fn by_kind(&mut self, gold: &Answer, answer: &Answer) -> Option<Finding> {
        use Answer as A;
        self.budget.spend(4)?;
        match (gold, answer) {
            (A::Parametric { .. }, _) | (_, A::Parametric { .. }) => self.parametric(gold, answer),
            (A::Excluding { body: a, exclusions: p }, A::Excluding { body: b, exclusions: q }) => {
                if self.unordered(p, q, true) { self.answers(a, b) } else { Finding::apart() }
            }
            // What is left out of a domain may go without saying.
            (A::Excluding { body, .. }, other) => {
                self.leave_out(Dropped::LeftOut);
                self.answers(body, other)
            }
            (other, A::Excluding { body, .. }) => {
                self.leave_out(Dropped::LeftOut);
                self.answers(other, body)
            }
            (A::Assignment { .. }, A::Assignment { .. }) => self.assignments(gold, answer),
            (A::Assignment { .. }, _) | (_, A::Assignment { .. }) => self.named(gold, answer),
            (A::Expression { id: a, decimal: d }, A::Expression { id: b, decimal: e }) => {
                self.expressions((*a, *d), (*b, *e))
            }
            (A::Quantity { .. }, _) | (_, A::Quantity { .. }) => self.quantities(gold, answer),
            (A::Percent { .. }, _) | (_, A::Percent { .. }) => self.percents(gold, answer),
            (A::List(items) | A::Either(items), A::Region(_))
            | (A::Region(_), A::List(items) | A::Either(items)) => match self.union(items) {
                Some(region) if !matches!(gold, A::Region(_)) => self.relations(&region, answer),
                Some(region) => self.relations(gold, &region),
                None => Finding::apart(),
            },
            (
                A::List(_) | A::Either(_) | A::Set(_) | A::Tuple(_),
                A::List(_) | A::Either(_) | A::Set(_) | A::Tuple(_),
            ) => self.sequences(gold, answer),
            (A::Region(_) | A::Relation { .. }, _) | (_, A::Region(_) | A::Relation { .. }) => {
                self.relations(gold, answer)
            }
            (A::Expression { id, .. }, A::Tuple(items)) | (A::Tuple(items), A::Expression { id, .. }) => {
                self.vector_and_tuple(*id, items)
            }
            (A::Cases(a), A::Cases(b)) => self.same_cases(a, b),
            (A::Ratio(a), A::Ratio(b)) => self.ratios(a, b),
            (A::Ratio(parts), A::Expression { id, .. }) | (A::Expression { id, .. }, A::Ratio(parts)) => {
                let [a, b] = parts[..] else { return Finding::apart() };
                let quotient = self.arena.div(a, b);
                self.ids(quotient, *id)
            }
            (A::Congruence { residue: a, modulus: m }, A::Congruence { residue: b, modulus: n }) => {
                let same = self.ids(*m, *n)?.equal;
                let (a, b, m) = (self.whole(*a)?, self.whole(*b)?, self.whole(*m)?);
                Finding::at(Rung::Structure, same && m != 0 && (a - b) % m == 0)
            }
            (A::Congruence { residue: a, modulus }, A::Expression { id: b, .. })
            | (A::Expression { id: b, .. }, A::Congruence { residue: a, modulus }) => {
                // The modulus may be missing beside a remainder: `5 (mod 3)` is 2.
                let whole = self.whole(*a).zip(self.whole(*modulus));
                let constant = is_constant(&self.arena, *a) && is_constant(&self.arena, *modulus);
                let symbols = !constant && !mentions(&self.arena, *a, &is_broken);
                if whole.map_or(symbols, |(residue, modulus)| (0..modulus).contains(&residue)) {
                    self.leave_out(Dropped::Modulus);
                    self.ids(*a, *b)
                } else {
                    Finding::apart()
                }
            }
            (A::Family { .. }, A::Family { .. }) => self.families(gold, answer),
            (A::Empty, A::Empty) | (A::Undefined, A::Undefined) => Finding::at(Rung::Structure, true),
            (A::Set(items), A::Empty) | (A::Empty, A::Set(items)) => {
                Finding::at(Rung::Structure, items.is_empty())
            }
            // The set of a set is no element.
            (A::Set(items), _) | (_, A::Set(items)) if matches!(&items[..], [A::Set(_) | A::Empty]) => {
                Finding::apart()
            }
            (A::Set(items) | A::List(items) | A::Either(items), other) if items.len() == 1 => {
                self.leave_out(Dropped::Braces);
                self.answers(&items[0], other)
            }
            (other, A::Set(items) | A::List(items) | A::Either(items)) if items.len() == 1 => {
                self.leave_out(Dropped::Braces);
                self.answers(other, &items[0])
            }
            (A::Text(a), A::Text(b)) => Finding::at(Rung::Text, text::same(a, b)),
            (A::Text(word), A::Expression { id, .. }) | (A::Expression { id, .. }, A::Text(word)) => {
                let number = text::number_word(word)?;
                let number = self.arena.integer(number);
                self.ids(number, *id)
            }
            _ => Finding::apart(),
        }
    }

    fn expressions(&mut self, gold: Value, answer: Value) -> Option<Finding> {
        let (a, b) = (gold.0, answer.0);
        if let (Some(x), Some(y)) = (self.arena.as_number(a), self.arena.as_number(b))
            && (x == y
                || (gold.1.is_none() && answer.1.is_none() && self.policy.relative_tolerance.is_none()))
        {
            return Finding::at(Rung::Numbers, x == y);
        }
        if let Some(verdict) = self.vectors(a, b) {
            return Some(verdict);
        }
        let verdict = self.decimals(gold, answer);
        if holds(verdict) {
            return verdict;
        }
        let families = self.families_of_functions(a, b);
        if holds(families) {
            return families;
        }
        if self.policy.ignore_symbol_case {
            return self.in_lower_case(a, b).or(verdict);
        }
        verdict
    }

    fn ratios(&mut self, a: &[Id], b: &[Id]) -> Option<Finding> {
        if a.len() != b.len() {
            return Finding::apart();
        }
        let zero = |judge: &Self, id: &Id| judge.arena.as_number(*id).is_some_and(RBig::is_zero);
        let literal = a.iter().chain(b).any(|part| zero(self, part));
        for (x, y) in a.iter().zip(b) {
            let equal = if literal {
                self.ids(*x, *y)
            } else {
                let left = self.arena.mul(vec![*x, b[0]]);
                let right = self.arena.mul(vec![*y, a[0]]);
                self.ids(left, right)
            };
            if !holds(equal) {
                return Finding::apart();
            }
        }
        Finding::at(Rung::Structure, true)
    }

    /// A small whole number.
    pub(super) fn whole(&self, id: Id) -> Option<i128> {
        i128::try_from(self.arena.as_integer(id)?).ok()
    }

    fn in_lower_case(&mut self, a: Id, b: Id) -> Option<Finding> {
        let lowered = |judge: &mut Self, id: Id| {
            let mut id = id;
            for symbol in symbols(&judge.arena, id) {
                let Node::Symbol(name) = *judge.arena.node(symbol) else { continue };
                let lower = judge.arena.name(name).to_lowercase();
                let lower = judge.arena.symbol(&lower);
                id = substitute(&mut judge.arena, id, symbol, lower);
            }
            id
        };
        let (a, b) = (lowered(self, a), lowered(self, b));
        self.ids(a, b)
    }

    /// Regions side by side as one, where none touches another, so that the union still tells them apart.
    fn union(&self, items: &[Answer]) -> Option<Answer> {
        let mut intervals = Vec::new();
        for item in items {
            match item {
                Answer::Region(region) => intervals.extend_from_slice(region),
                _ => return None,
            }
        }
        let apart = region::normal(&self.arena, &intervals)?.len() == intervals.len();
        apart.then_some(Answer::Region(intervals))
    }
}

/// Whether a node is none of whole numbers, of which remainders are taken.
fn is_broken(node: &Node) -> bool {
    match node {
        Node::Number(value) => !value.is_int() || *value < RBig::ZERO,
        Node::Function(function, _) => !matches!(function, Function::Factorial | Function::Binomial),
        Node::Constant(_) | Node::Matrix { .. } => true,
        _ => false,
    }
}
