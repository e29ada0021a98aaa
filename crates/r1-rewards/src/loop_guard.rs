//! Completions that are caught in a loop.

use r1_core::{Completion, LoopGuard, Outcome, Problem, Reward, RewardError};
use serde::{Deserialize, Serialize};

use crate::length::policy_ids;

/// Gives -1 to a completion with a loop anywhere in it, and 0 to others.
///
/// Resists: loops, whether they end at the limit of tokens or by themselves. Does not resist: a loop with a counter in it, or
/// one whose period is longer than [`max_period`](LoopGuard::max_period).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LoopReward(
    /// What counts as a loop.
    pub LoopGuard,
);

impl Reward for LoopReward {
    fn name(&self) -> &str {
        "loop_guard"
    }

    fn score(&self, _: &Problem, completion: &Completion) -> Result<Outcome, RewardError> {
        Ok(policy_ids(completion).map(|ids| if self.0.finds(&ids) { -1.0 } else { 0.0 }).into())
    }
}
