//! Problems by how often a policy solves them.

use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

use crate::DataError;
use r1_core::Problem;

/// Right samples of all samples of a problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PassRate {
    /// The right samples.
    pub(crate) passed: u64,
    /// All samples.
    pub(crate) samples: u64,
}

impl PassRate {
    /// `passed` right ones of `samples`.
    ///
    /// # Panics
    /// When there is no sample, or more right ones than samples.
    pub(crate) fn new(passed: u64, samples: u64) -> Self {
        assert!(samples > 0, "a pass rate needs a sample");
        assert!(passed <= samples, "{passed} of {samples} samples cannot be right");
        Self { passed, samples }
    }

    /// The share of right samples, in `[0, 1]`.
    pub(crate) fn share(self) -> f64 {
        self.passed as f64 / self.samples as f64
    }
}

/// Keeps the problems that a policy solves sometimes.
///
/// Those that it never or always solves are dropped whatever the window: all advantages of their groups
/// would be zero.
///
/// # Source
/// The dropping of groups of equal rewards is the dynamic sampling of DAPO (arXiv:2503.14476v1), eq. (11),
/// done once and ahead.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct PassRateFilter {
    window: RangeInclusive<f64>,
}

impl Default for PassRateFilter {
    fn default() -> Self {
        Self { window: 0.0..=1.0 }
    }
}

/// Counts of kept and dropped problems.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PassRateReport {
    /// Kept.
    pub kept: usize,
    /// Dropped: no sample was right.
    pub never_solved: usize,
    /// Dropped: every sample was right.
    pub always_solved: usize,
    /// Dropped: solved, but below the window.
    pub too_hard: usize,
    /// Dropped: not always solved, but above the window.
    pub too_easy: usize,
    /// Dropped: nobody knows their pass rate.
    pub unknown: usize,
}

impl PassRateFilter {
    /// Keeps the pass rates in `window`, ends included, without 0 and 1.
    ///
    /// # Errors
    /// [`DataError::Setting`] when the window is empty or leaves `[0, 1]`.
    pub(crate) fn new(window: RangeInclusive<f64>) -> Result<Self, DataError> {
        let (low, high) = (*window.start(), *window.end());
        if !(0.0 <= low && low <= high && high <= 1.0) {
            let reason = format!("is {low} to {high}; expected 0 <= low <= high <= 1");
            return Err(DataError::Setting { name: "window", reason });
        }
        Ok(Self { window })
    }

    /// Drops what is too easy or too hard and says how many there were; the order stays.
    pub(crate) fn apply(
        &self,
        problems: Vec<Problem>,
        rate: impl Fn(&Problem) -> Option<PassRate>,
    ) -> (Vec<Problem>, PassRateReport) {
        let mut report = PassRateReport::default();
        let mut kept = Vec::new();
        for problem in problems {
            let count = match rate(&problem) {
                None => &mut report.unknown,
                Some(rate) if rate.passed == 0 => &mut report.never_solved,
                Some(rate) if rate.passed == rate.samples => &mut report.always_solved,
                Some(rate) if rate.share() < *self.window.start() => &mut report.too_hard,
                Some(rate) if rate.share() > *self.window.end() => &mut report.too_easy,
                Some(_) => {
                    kept.push(problem);
                    &mut report.kept
                }
            };
            *count += 1;
        }
        (kept, report)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use r1_core::Reference;

    #[test]
    fn the_window_includes_its_ends_and_every_problem_is_counted() {
        let problems: Vec<Problem> =
            (0..=11).map(|i: u64| Problem::new(i.to_string(), "?", Reference::number("1"))).collect();
        let rate = |problem: &Problem| {
            let passed = problem.id.parse().unwrap();
            (passed <= 10).then(|| PassRate::new(passed, 10))
        };
        let (kept, report) = PassRateFilter::new(0.2..=0.7).unwrap().apply(problems.clone(), rate);
        assert_eq!(kept.iter().map(|p| p.id.as_str()).collect::<Vec<_>>(), ["2", "3", "4", "5", "6", "7"]);
        let expected = PassRateReport {
            kept: 6,
            never_solved: 1,
            always_solved: 1,
            too_hard: 1,
            too_easy: 2,
            unknown: 1,
        };
        assert_eq!(report, expected);
        let (kept, report) = PassRateFilter::default().apply(problems, rate);
        assert_eq!((kept.len(), report.never_solved, report.always_solved), (9, 1, 1));
    }

    #[test]
    fn windows_outside_of_the_shares_are_refused() {
        for window in [-0.1..=1.0, 0.0..=1.1, f64::NAN..=1.0, 0.6..=0.5] {
            assert!(matches!(PassRateFilter::new(window), Err(DataError::Setting { name: "window", .. })));
        }
    }
}
