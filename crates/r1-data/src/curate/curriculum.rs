//! The level of a task by how well the policy does.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::DataError;

/// Raises the level of a task when the policy solves it often, and lowers it when it hardly ever does.
///
/// The pass rate is the mean of the last `window` outcomes at the current level; before there are that
/// many, and after every change, nothing moves. It is data: saved with a run, it goes on where it was.
///
/// ```
/// use r1_data::curate::{Curriculum, LevelChange};
///
/// let mut curriculum = Curriculum::new(5, 4)?;
/// let changes: Vec<_> = [1.0, 1.0, 0.0, 1.0].into_iter().filter_map(|reward| curriculum.record(reward)).collect();
/// assert_eq!(changes, [LevelChange::Raised]);
/// assert_eq!(curriculum.level(), 2);
/// # Ok::<(), r1_data::DataError>(())
/// ```
///
/// # Source
/// The thresholds 0.7 and 0.1 are those of reasoning-gym (arXiv:2505.24760v2), section on curricula.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Curriculum {
    levels: usize,
    window: usize,
    raise_above: f64,
    lower_below: f64,
    level: usize,
    recent: VecDeque<f64>,
}

/// A step of a [`Curriculum`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LevelChange {
    /// One level harder.
    Raised,
    /// One level easier.
    Lowered,
}

impl Curriculum {
    /// Starts at level 1 of `levels`; raises above 0.7 and lowers below 0.1.
    ///
    /// # Errors
    /// [`DataError::Setting`] when there is no level, or nothing in the window.
    pub fn new(levels: usize, window: usize) -> Result<Self, DataError> {
        let zero = |name| DataError::Setting { name, reason: "is 0; expected at least 1".into() };
        match (levels, window) {
            (0, _) => Err(zero("levels")),
            (_, 0) => Err(zero("window")),
            _ => Ok(Self {
                levels,
                window,
                raise_above: 0.7,
                lower_below: 0.1,
                level: 1,
                recent: VecDeque::new(),
            }),
        }
    }

    /// The same curriculum with other thresholds.
    ///
    /// # Errors
    /// [`DataError::Setting`] unless `0 <= lower_below < raise_above <= 1`.
    pub fn with_thresholds(self, lower_below: f64, raise_above: f64) -> Result<Self, DataError> {
        if !(0.0 <= lower_below && lower_below < raise_above && raise_above <= 1.0) {
            let reason = format!("are {lower_below} and {raise_above}; expected 0 <= lower < raise <= 1");
            return Err(DataError::Setting { name: "thresholds", reason });
        }
        Ok(Self { lower_below, raise_above, ..self })
    }

    /// The level that problems should have now, from 1.
    pub fn level(&self) -> usize {
        self.level
    }

    /// The mean of the outcomes that count, when there are enough of them.
    pub fn pass_rate(&self) -> Option<f64> {
        let full = self.recent.len() == self.window;
        full.then(|| self.recent.iter().sum::<f64>() / self.window as f64)
    }

    /// Takes in an outcome at the current level, in `[0, 1]`: one completion, or a group's share of right
    /// ones. At the first and the last level there is nothing lower or higher.
    ///
    /// # Panics
    /// When the outcome is outside of `[0, 1]`.
    pub fn record(&mut self, outcome: f64) -> Option<LevelChange> {
        assert!((0.0..=1.0).contains(&outcome), "an outcome lies in [0, 1], not at {outcome}");
        if self.recent.len() == self.window {
            self.recent.pop_front();
        }
        self.recent.push_back(outcome);
        let rate = self.pass_rate()?;
        let change = if rate > self.raise_above && self.level < self.levels {
            self.level += 1;
            LevelChange::Raised
        } else if rate < self.lower_below && self.level > 1 {
            self.level -= 1;
            LevelChange::Lowered
        } else {
            return None;
        };
        // Outcomes of the old level say nothing about the new one.
        self.recent.clear();
        Some(change)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_follow_the_pass_rate_and_stay_within_their_limits() {
        let mut curriculum = Curriculum::new(3, 10).unwrap();
        let mut feed = |outcomes: &[(f64, usize)]| {
            let outcomes = outcomes.iter().flat_map(|&(outcome, count)| vec![outcome; count]);
            let changes: Vec<_> = outcomes.filter_map(|outcome| curriculum.record(outcome)).collect();
            (changes, curriculum.level())
        };
        use LevelChange::{Lowered, Raised};
        assert_eq!(feed(&[(1.0, 7), (0.0, 3)]), (vec![], 1), "0.7 is not above 0.7");
        assert_eq!(feed(&[(1.0, 8)]), (vec![Raised], 2), "the last ten are eight right, two wrong");
        assert_eq!(feed(&[(1.0, 2)]), (vec![], 2), "eight right ones were only counted a level lower");
        assert_eq!(feed(&[(1.0, 18)]), (vec![Raised], 3), "one change, then the highest level");
        assert_eq!(feed(&[(0.0, 10)]), (vec![Lowered], 2));
        assert_eq!(feed(&[(1.0, 1), (0.0, 9)]), (vec![], 2), "0.1 is not below 0.1");
        assert_eq!(feed(&[(0.0, 100)]), (vec![Lowered], 1));
    }

    #[test]
    fn it_goes_on_after_it_was_saved() {
        let mut straight = Curriculum::new(4, 3).unwrap().with_thresholds(0.2, 0.5).unwrap();
        let outcomes = [1.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.5, 1.0, 1.0, 1.0];
        for outcome in outcomes {
            let json = serde_json::to_string(&straight).unwrap();
            let mut resumed: Curriculum = serde_json::from_str(&json).unwrap();
            assert_eq!(straight.record(outcome), resumed.record(outcome));
            assert_eq!(straight, resumed);
        }
    }

    #[test]
    fn impossible_settings_are_refused() {
        assert!(Curriculum::new(0, 1).is_err() && Curriculum::new(1, 0).is_err());
        for (low, high) in [(0.5, 0.5), (-0.1, 0.5), (0.1, 1.1), (f64::NAN, 0.5)] {
            assert!(Curriculum::new(1, 1).unwrap().with_thresholds(low, high).is_err());
        }
    }
}
