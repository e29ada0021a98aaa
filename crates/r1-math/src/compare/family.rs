//! Values that depend on a whole number, as `π/2 + kπ`.

use dashu::rational::RBig;

use super::{Judge, Rung};
use crate::{answer::Answer, arena::Id, numeric::approximate, substitute::substitute};

/// Parameters from −INNER to INNER on one side must be met by −OUTER to OUTER on the other.
const INNER: i64 = 6;
const OUTER: i64 = 30;

impl Judge<'_> {
    /// Whether two families in one parameter have the same members near zero.
    pub(super) fn families(&mut self, gold: &Answer, answer: &Answer) -> Option<bool> {
        let (inner_gold, inner_answer) = (self.members(gold, INNER)?, self.members(answer, INNER)?);
        let (outer_gold, outer_answer) = (self.members(gold, OUTER)?, self.members(answer, OUTER)?);
        let covered = |inner: &[f64], outer: &[f64]| {
            inner.iter().all(|x| outer.iter().any(|y| (x - y).abs() <= 1e-9 * (1.0 + x.abs())))
        };
        let verdict = covered(&inner_gold, &outer_answer) && covered(&inner_answer, &outer_gold);
        self.at(Rung::Structure, verdict)
    }

    fn members(&mut self, family: &Answer, reach: i64) -> Option<Vec<f64>> {
        let Answer::Family { values, parameters } = family else { return None };
        let [parameter] = parameters[..] else { return None };
        let mut members = Vec::new();
        for value in values {
            for k in -reach..=reach {
                self.fuel.spend(20)?;
                let k: Id = self.arena.number(RBig::from(k));
                let member = substitute(&mut self.arena, *value, parameter, k);
                members.push(approximate(&self.arena, member)?);
            }
        }
        Some(members)
    }
}
