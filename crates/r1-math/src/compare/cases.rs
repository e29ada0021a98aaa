//! Functions by cases.

use super::{Comparison, Finding, Rung, holds};
use crate::{
    answer::{Answer, Interval},
    region,
};

/// A value, and where it holds; `None` is "otherwise".
type Case = (Answer, Option<Answer>);

impl Comparison<'_> {
    /// The same cases in any order.
    pub(super) fn same_cases(&mut self, gold: &[Case], answer: &[Case]) -> Option<Finding> {
        if gold.len() != answer.len() {
            return Finding::apart();
        }
        let mut free: Vec<&Case> = answer.iter().collect();
        for case in gold {
            let partner = free.iter().position(|other| {
                holds(self.answers(&case.0, &other.0)) && self.same_place((gold, case), (answer, other))
            });
            match partner {
                Some(at) => free.remove(at),
                None => return Finding::apart(),
            };
        }
        Finding::at(Rung::Structure, true)
    }

    fn same_place(&mut self, (all, a): (&[Case], &Case), (others, b): (&[Case], &Case)) -> bool {
        match (&a.1, &b.1) {
            (None, None) => true,
            (Some(x), Some(y)) => holds(self.answers(x, y)),
            (None, Some(place)) => self.is_elsewhere(all, place),
            (Some(place), None) => self.is_elsewhere(others, place),
        }
    }

    /// Whether a place is all that the other cases leave.
    fn is_elsewhere(&mut self, cases: &[Case], place: &Answer) -> bool {
        let mut left: Vec<Interval> = vec![region::EVERYTHING];
        for (_, condition) in cases {
            let Some(condition) = condition else { continue };
            let Some((_, taken)) = region::bounded(&mut self.arena, condition) else { return false };
            match region::difference(&self.arena, &left, &taken) {
                Some(rest) => left = rest,
                None => return false,
            }
        }
        holds(self.answers(&Answer::Region(left), place))
    }
}
