//! Quantities with units, and percentages.

use dashu::rational::RBig;

use super::{Comparison, Dropped, Finding, Rung, decimal::Value, holds};
use crate::{answer::Answer, arena::Id, numeric::approximate, unit::Unit};

impl Comparison<'_> {
    pub(super) fn quantities(&mut self, gold: &Answer, answer: &Answer) -> Option<Finding> {
        use Answer as A;
        match (gold, answer) {
            (A::Quantity { id: a, decimal: d, unit: u }, A::Quantity { id: b, decimal: e, unit: v }) => {
                if u.is_rate_of(v) || v.is_rate_of(u) {
                    self.leave_out(Dropped::Unit(if u.is_noun() { v } else { u }.to_string()));
                    return self.decimals((*a, *d), (*b, *e));
                }
                if !u.agrees_with(v) {
                    return Finding::apart();
                }
                if u.factor == v.factor {
                    return self.decimals((*a, *d), (*b, *e));
                }
                if !self.policy.unit_conversion {
                    return Finding::apart();
                }
                let factor = self.arena.number(&v.factor / &u.factor);
                let converted = self.arena.mul(vec![factor, *b]);
                self.decimals((*a, *d), (converted, None))
            }
            (A::Congruence { .. }, _) | (_, A::Congruence { .. }) => Finding::apart(),
            // A percentage is no length, and no amount of money.
            (A::Percent { .. }, _) | (_, A::Percent { .. }) => Finding::apart(),
            (A::Quantity { id: a, unit, .. }, A::Expression { id: b, .. })
            | (A::Expression { id: a, .. }, A::Quantity { id: b, unit, .. })
                if unit.is_radian()
                    && (self.without_degrees(*a).is_some() || self.without_degrees(*b).is_some()) =>
            {
                self.ids(*a, *b)
            }
            // Nor is an angle, but for degrees of temperature.
            (A::Quantity { unit, .. }, A::Expression { id, .. })
            | (A::Expression { id, .. }, A::Quantity { unit, .. })
                if self.without_degrees(*id).is_some() && !unit.is_temperature() =>
            {
                Finding::apart()
            }
            // Five dozen are sixty, and five where dozens are asked for.
            (A::Quantity { id, unit, .. }, A::Expression { id: ones, decimal })
            | (A::Expression { id: ones, decimal }, A::Quantity { id, unit, .. })
                if unit.counts_several() && self.in_ones(*id, unit, (*ones, *decimal)) =>
            {
                Finding::at(Rung::Structure, true)
            }
            (A::Quantity { id, decimal, unit }, other) if self.policy.unit_optional => {
                self.leave_out(Dropped::Unit(unit.to_string()));
                self.answers(&A::Expression { id: *id, decimal: *decimal }, other)
            }
            (other, A::Quantity { id, decimal, unit }) if self.policy.unit_optional => {
                self.leave_out(Dropped::Unit(unit.to_string()));
                self.answers(other, &A::Expression { id: *id, decimal: *decimal })
            }
            _ => Finding::apart(),
        }
    }

    /// Whether so many of a unit that counts several are so many ones.
    fn in_ones(&mut self, id: Id, unit: &Unit, ones: Value) -> bool {
        let several = self.arena.number(unit.factor.clone());
        let id = self.arena.mul(vec![several, id]);
        holds(self.decimals((id, None), ones))
    }

    pub(super) fn percents(&mut self, gold: &Answer, answer: &Answer) -> Option<Finding> {
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
            (A::Percent { .. }, A::Expression { id, .. }) | (A::Expression { id, .. }, A::Percent { .. })
                if self.without_degrees(*id).is_some() =>
            {
                Finding::apart()
            }
            (A::Percent { id: a, decimal: d }, A::Expression { id: b, decimal: e }) => {
                let bare =
                    self.policy.percent_sign_optional.then(|| self.decimals((*a, *d), (*b, *e))).flatten();
                if holds(bare) {
                    self.leave_out(Dropped::PercentSign);
                    return bare;
                }
                if !self.policy.percent_as_share {
                    return Finding::apart();
                }
                let a = share(self, *a);
                self.decimals((a, None), (*b, *e))
            }
            (A::Expression { id: a, decimal: d }, A::Percent { id: b, decimal: e }) => {
                let at_least_one = approximate(&self.arena, *a).is_some_and(|value| value.abs() >= 1.0);
                let written = at_least_one || self.arena.as_number(*a).is_some_and(RBig::is_zero);
                let bare = (self.policy.percent_sign_optional && written)
                    .then(|| self.decimals((*a, *d), (*b, *e)))
                    .flatten();
                if holds(bare) {
                    self.leave_out(Dropped::PercentSign);
                    return bare;
                }
                if !self.policy.percent_as_share {
                    return Finding::apart();
                }
                let b = share(self, *b);
                self.decimals((*a, *d), (b, None))
            }
            _ => Finding::apart(),
        }
    }
}
