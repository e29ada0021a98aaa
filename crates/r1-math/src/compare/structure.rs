//! Answers by their kinds.

use dashu::rational::RBig;

use super::{Judge, Rung};
use crate::{
    answer::Answer,
    arena::{Id, Node},
    numeric::approximate,
    region,
    substitute::symbols,
    text,
};

impl Judge<'_> {
    /// Whether `answer` says what `gold` says.
    pub(super) fn answers(&mut self, gold: &Answer, answer: &Answer) -> Option<bool> {
        use Answer as A;
        self.fuel.spend(4)?;
        match (gold, answer) {
            (A::Assignment { .. }, A::Assignment { .. }) => self.assignments(gold, answer),
            (A::Assignment { value, label, .. }, other) => {
                if let (A::Relation { .. }, Some(label)) = (other, label) {
                    return self.equation_of(*label, value, other);
                }
                self.answers(value, other)
            }
            (other, A::Assignment { value, label, between, .. }) => {
                if let (A::Relation { .. }, Some(label)) = (other, label) {
                    return self.equation_of(*label, value, other);
                }
                if !self.holds(value, between) {
                    return self.at(Rung::Structure, false);
                }
                self.answers(other, value)
            }
            (A::Expression { id: a, decimal: d }, A::Expression { id: b, decimal: e }) => {
                if let Some(verdict) = self.vectors(*a, *b) {
                    return Some(verdict);
                }
                let mut verdict = self.decimals((*a, *d), (*b, *e));
                if verdict != Some(true) {
                    let rung = self.rung;
                    match self.families_of_functions(*a, *b) {
                        Some(true) => verdict = Some(true),
                        _ => self.rung = rung,
                    }
                }
                if verdict != Some(true) && self.policy.ignore_symbol_case {
                    return self.in_lower_case(*a, *b).or(verdict);
                }
                verdict
            }
            (A::Quantity { .. }, _) | (_, A::Quantity { .. }) => self.quantities(gold, answer),
            (A::Percent { .. }, _) | (_, A::Percent { .. }) => self.percents(gold, answer),
            (A::List(_) | A::Set(_) | A::Tuple(_), A::List(_) | A::Set(_) | A::Tuple(_)) => {
                self.sequences(gold, answer)
            }
            (A::Region(_) | A::Relation { .. }, _) | (_, A::Region(_) | A::Relation { .. }) => {
                self.relations(gold, answer)
            }
            (A::Expression { id, .. }, A::Tuple(items)) | (A::Tuple(items), A::Expression { id, .. }) => {
                self.vector_and_tuple(*id, items)
            }
            (A::Cases(a), A::Cases(b)) => self.same_cases(a, b),
            (A::Ratio(a), A::Ratio(b)) => self.ratios(a, b),
            (A::Ratio(parts), A::Expression { id, .. }) | (A::Expression { id, .. }, A::Ratio(parts)) => {
                let [a, b] = parts[..] else { return self.at(Rung::Structure, false) };
                let quotient = self.arena.div(a, b);
                self.ids(quotient, *id)
            }
            (A::Congruence { residue: a, modulus: m }, A::Congruence { residue: b, modulus: n }) => {
                let same = self.ids(*m, *n)?;
                let (a, b, m) = (self.whole(*a)?, self.whole(*b)?, self.whole(*m)?);
                self.at(Rung::Structure, same && m != 0 && (a - b) % m == 0)
            }
            (A::Congruence { residue: a, .. }, A::Expression { id: b, .. })
            | (A::Expression { id: b, .. }, A::Congruence { residue: a, .. }) => self.ids(*a, *b),
            (A::Family { .. }, A::Family { .. }) => self.families(gold, answer),
            (A::Empty, A::Empty) | (A::Undefined, A::Undefined) => self.at(Rung::Structure, true),
            (A::Set(items), A::Empty) | (A::Empty, A::Set(items)) => {
                self.at(Rung::Structure, items.is_empty())
            }
            (A::Set(items) | A::List(items), other) if items.len() == 1 => self.answers(&items[0], other),
            (other, A::Set(items) | A::List(items)) if items.len() == 1 => self.answers(other, &items[0]),
            (A::Text(a), A::Text(b)) => {
                let equal = text::same(a, b);
                self.at(Rung::Text, equal)
            }
            (A::Text(word), A::Expression { id, .. }) | (A::Expression { id, .. }, A::Text(word)) => {
                let number = text::number_word(word)?;
                let number = self.arena.integer(number);
                self.ids(number, *id)
            }
            _ => self.at(Rung::Structure, false),
        }
    }

    /// Whether the constant members of a chain agree with its value.
    fn holds(&mut self, value: &Answer, between: &[Id]) -> bool {
        let Answer::Expression { id, .. } = value else { return true };
        if !self.policy.chains_must_hold || !symbols(&self.arena, *id).is_empty() {
            return true;
        }
        between.iter().all(|member| {
            !symbols(&self.arena, *member).is_empty()
                || self.decimals((*member, None), (*id, None)) != Some(false)
        })
    }

    fn assignments(&mut self, gold: &Answer, answer: &Answer) -> Option<bool> {
        let Answer::Assignment { name: a, label: x, value: left, .. } = gold else { return None };
        let Answer::Assignment { name: b, label: y, value: right, between, .. } = answer else { return None };
        let head =
            |name: &str| -> String { name.split('(').next().unwrap_or("").replace(['{', '}', '\\'], "") };
        let clash = x.is_some() && y.is_some() && head(a) != head(b);
        let clash = clash && !(self.policy.ignore_symbol_case && head(a).eq_ignore_ascii_case(&head(b)));
        if let (Some(x), Some(y)) = (x, y)
            && clash
            && let (Answer::Expression { id: left, .. }, Answer::Expression { id: right, .. }) =
                (&**left, &**right)
        {
            // `y = 2x` and `x = y/2` are one equation.
            let (f, g) = (self.arena.sub(*x, *left), self.arena.sub(*y, *right));
            return self.same_equation(f, g);
        }
        if clash || !self.holds(right, between) {
            return self.at(Rung::Structure, false);
        }
        self.answers(left, right)
    }

    fn quantities(&mut self, gold: &Answer, answer: &Answer) -> Option<bool> {
        use Answer as A;
        match (gold, answer) {
            (A::Quantity { id: a, decimal: d, unit: u }, A::Quantity { id: b, decimal: e, unit: v }) => {
                if !u.agrees_with(v) {
                    return self.at(Rung::Structure, false);
                }
                if u.factor == v.factor {
                    return self.decimals((*a, *d), (*b, *e));
                }
                if !self.policy.unit_conversion {
                    return self.at(Rung::Structure, false);
                }
                let factor = self.arena.number(&v.factor / &u.factor);
                let converted = self.arena.mul(vec![factor, *b]);
                self.decimals((*a, *d), (converted, None))
            }
            (A::Quantity { id, decimal, .. }, other) if self.policy.unit_optional => {
                self.answers(&A::Expression { id: *id, decimal: *decimal }, other)
            }
            (other, A::Quantity { id, decimal, unit }) if self.policy.unit_optional => {
                // A percentage or an angle is no length.
                if matches!(other, A::Percent { .. }) && !unit.is_noun() {
                    return self.at(Rung::Structure, false);
                }
                self.answers(other, &A::Expression { id: *id, decimal: *decimal })
            }
            _ => self.at(Rung::Structure, false),
        }
    }

    fn percents(&mut self, gold: &Answer, answer: &Answer) -> Option<bool> {
        use Answer as A;
        let hundredth = RBig::from_parts(1.into(), 100u8.into());
        let share = |judge: &mut Self, id: Id| {
            let factor = judge.arena.number(hundredth.clone());
            judge.arena.mul(vec![factor, id])
        };
        match (gold, answer) {
            (A::Percent { id: a, decimal: d }, A::Percent { id: b, decimal: e }) => {
                self.decimals((*a, *d), (*b, *e))
            }
            (A::Percent { id: a, decimal: d }, A::Expression { id: b, decimal: e }) => {
                if self.policy.percent_sign_optional && self.decimals((*a, *d), (*b, *e)) == Some(true) {
                    return Some(true);
                }
                if !self.policy.percent_as_share {
                    return self.at(Rung::Structure, false);
                }
                let a = share(self, *a);
                self.decimals((a, None), (*b, *e))
            }
            (A::Expression { id: a, decimal: d }, A::Percent { id: b, decimal: e }) => {
                let at_least_one = approximate(&self.arena, *a).is_some_and(|value| value.abs() >= 1.0);
                if self.policy.percent_sign_optional
                    && (at_least_one || self.arena.as_number(*a).is_some_and(RBig::is_zero))
                    && self.decimals((*a, *d), (*b, *e)) == Some(true)
                {
                    return Some(true);
                }
                if !self.policy.percent_as_share {
                    return self.at(Rung::Structure, false);
                }
                let b = share(self, *b);
                self.decimals((*a, *d), (b, None))
            }
            _ => self.at(Rung::Structure, false),
        }
    }

    fn ratios(&mut self, a: &[Id], b: &[Id]) -> Option<bool> {
        if a.len() != b.len() {
            return self.at(Rung::Structure, false);
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
            if equal != Some(true) {
                return self.at(Rung::Structure, false);
            }
        }
        self.at(Rung::Structure, true)
    }

    /// A small whole number.
    pub(super) fn whole(&self, id: Id) -> Option<i128> {
        i128::try_from(self.arena.as_integer(id)?).ok()
    }

    fn in_lower_case(&mut self, a: Id, b: Id) -> Option<bool> {
        let lowered = |judge: &mut Self, id: Id| {
            let mut id = id;
            for symbol in symbols(&judge.arena, id) {
                let Node::Symbol(name) = *judge.arena.node(symbol) else { continue };
                let lower = judge.arena.name(name).to_lowercase();
                let lower = judge.arena.symbol(&lower);
                id = crate::substitute::substitute(&mut judge.arena, id, symbol, lower);
            }
            id
        };
        let (a, b) = (lowered(self, a), lowered(self, b));
        self.ids(a, b)
    }

    /// An answer as a region, where it is one.
    pub(super) fn region(&mut self, answer: &Answer) -> Option<Vec<crate::answer::Interval>> {
        match answer {
            Answer::Relation { .. } if self.policy.interval_as_inequality => {
                region::of_relation(&mut self.arena, answer)
            }
            Answer::Relation { .. } => None,
            other => region::of(other),
        }
    }
}
