//! Completions that are caught in a loop.

use r1_core::{Completion, Outcome, Problem, Reward, RewardError};
use serde::{Deserialize, Serialize};

use crate::length::policy_ids;

/// A loop: a run of token ids that follows itself again and again.
///
/// As a term of a reward it gives -1 to a completion with a loop anywhere in it, and 0 to others.
///
/// Resists: loops, whether they end at the limit of tokens or by themselves. Does not resist: a loop with a counter in it, or
/// one whose period is longer than [`max_period`](Self::max_period).
///
/// # Examples
/// ```
/// use r1_rewards::LoopGuard;
///
/// let guard = LoopGuard::default();
/// let caught: Vec<u32> = [7, 8, 9].into_iter().chain((0..40).map(|place| place % 5)).collect();
/// assert!(guard.finds(&caught));
/// assert!(!guard.finds(&[3; 20]));
/// assert!(!guard.finds(&(0..500).collect::<Vec<u32>>()));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LoopGuard {
    /// The longest run that is looked for, in tokens.
    pub max_period: usize,
    /// How often a run has to stand there in a row, ...
    pub repeats: usize,
    /// ... and how many tokens that has to come to.
    pub min_tokens: usize,
}

impl Default for LoopGuard {
    fn default() -> Self {
        Self { max_period: 64, repeats: 4, min_tokens: 32 }
    }
}

impl LoopGuard {
    /// Whether a loop stands anywhere in the ids, in time `ids · max_period`.
    pub fn finds(&self, ids: &[u32]) -> bool {
        let longest = self.max_period.min(ids.len() / self.repeats.max(2));
        (1..=longest).any(|period| {
            let wanted = (period * self.repeats.max(2)).max(self.min_tokens) - period;
            let mut equal = 0;
            ids.iter().zip(&ids[period..]).any(|(earlier, later)| {
                equal = if earlier == later { equal + 1 } else { 0 };
                equal >= wanted
            })
        })
    }
}

impl Reward for LoopGuard {
    fn name(&self) -> &str {
        "loop_guard"
    }

    fn score(&self, _: &Problem, completion: &Completion) -> Result<Outcome, RewardError> {
        Ok(policy_ids(completion).map(|ids| if self.finds(&ids) { -1.0 } else { 0.0 }).into())
    }
}
