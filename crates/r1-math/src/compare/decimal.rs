//! Decimals that stand for exact numbers.

use super::{Comparison, Dropped, Finding, Rung, holds};
use crate::{
    arena::{Function, Id, Node},
    literal::Decimal,
    numeric::{Numeric, Setting, approximate},
    real::{Big, Real},
    substitute::mentions,
};

/// An expression, and its digits where it is one decimal.
pub(super) type Value = (Id, Option<Decimal>);

impl Comparison<'_> {
    /// Two values under the policy: exactly, by rounding, by the degree sign, within a tolerance.
    pub(super) fn decimals(&mut self, gold: Value, answer: Value) -> Option<Finding> {
        let exact = self.ids(gold.0, answer.0);
        if holds(exact) {
            return exact;
        }
        if self.rounds(gold, answer) || self.within(gold.0, answer.0) {
            return Finding::at(Rung::Decimal, true);
        }
        // `sin π°` is not sin π.
        let within_function = [gold.0, answer.0].iter().any(|id| {
            let turned = |node: &Node| {
                matches!(node, Node::Function(Function::Sin | Function::Cos | Function::Tan, _))
            };
            mentions(&self.arena, *id, &turned)
        });
        if self.policy.degree_sign_optional && !within_function {
            let (a, b) = (self.without_degrees(gold.0), self.without_degrees(answer.0));
            let pair = match (a, b) {
                (Some(a), None) => Some((a, answer.0)),
                (None, Some(b)) => Some((gold.0, b)),
                _ => None,
            };
            let bare = pair.and_then(|(a, b)| self.ids(a, b));
            if holds(bare) {
                self.leave_out(Dropped::DegreeSign);
                return bare;
            }
        }
        exact
    }

    fn rounds(&mut self, gold: Value, answer: Value) -> bool {
        let enough = |decimal: Decimal, judge: &Self| decimal.significant >= judge.policy.significant_digits;
        if let Some(decimal) = answer.1
            && enough(decimal, self)
            && self.stands_for(answer.0, decimal, gold.0, true)
        {
            return true;
        }
        let Some(decimal) = gold.1 else { return false };
        let lenient = self.policy.round_to_reference;
        (lenient || enough(decimal, self)) && self.stands_for(gold.0, decimal, answer.0, !lenient)
    }

    /// Whether a decimal is the correct rounding, or truncation, of a value.
    fn stands_for(&mut self, written: Id, decimal: Decimal, value: Id, truncated: bool) -> bool {
        let Some(size) = approximate(&self.arena, value) else { return false };
        let difference = self.arena.sub(value, written);
        let bits = 128 + 4 * (decimal.significant as usize).min(1000);
        let setting = Setting { bits, real_only: true, decimal_log: false, point: 0, literals: (0, 0) };
        let mut numeric = Numeric::<Big>::new(&self.arena, self.budget, setting);
        let Some(difference) =
            numeric.value(difference).and_then(|value| value.only_real().map(Real::to_f64))
        else {
            return false;
        };
        let Ok(places) = i32::try_from(-decimal.places) else { return false };
        let unit = 10f64.powi(places);
        let rounded = difference.abs() <= 0.5 * unit * (1.0 + 1e-9);
        let cut = truncated && difference.abs() < unit * (1.0 - 1e-9) && (difference > 0.0) == (size > 0.0);
        unit > 0.0 && (rounded || cut)
    }

    fn within(&self, gold: Id, answer: Id) -> bool {
        let Some(tolerance) = self.policy.relative_tolerance else { return false };
        match (approximate(&self.arena, gold), approximate(&self.arena, answer)) {
            (Some(gold), Some(answer)) => (gold - answer).abs() <= tolerance * gold.abs(),
            _ => false,
        }
    }
}
