//! Advantages: how much better a completion is than the others of its group.

use std::ops::Range;

use serde::{Deserialize, Serialize};

/// How rewards become advantages.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AdvantageConfig {
    /// What is subtracted from a reward.
    pub baseline: Baseline,
    /// What divides the difference.
    pub scale: Scale,
    /// Which standard deviation is meant.
    pub deviation: Deviation,
    /// Added to the standard deviation, so that tiny ones do not blow up.
    pub epsilon: f32,
}

/// What is subtracted from a reward.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Baseline {
    /// Mean of the group (GRPO).
    GroupMean,
    /// Mean of the *other* completions of the group (RLOO).
    LeaveOneOut,
}

/// What divides the centred reward.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scale {
    /// Standard deviation of the rewards of the group (GRPO).
    Group,
    /// Standard deviation of all rewards of the batch (Lite PPO).
    Batch,
    /// Nothing (Dr. GRPO).
    None,
}

/// Which standard deviation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Deviation {
    /// Divides the sum of squares by `n − 1`, as TRL, verl and OpenRLHF do.
    Sample,
    /// Divides the sum of squares by `n`.
    Population,
}

/// Advantage of each completion relative to its own group. `None` is a completion on which every reward abstained.
pub fn group_advantages(rewards: &[Option<f32>], config: &AdvantageConfig) -> Vec<f32> {
    todo!("{rewards:?} {config:?}")
}

/// Advantages of all groups of a batch, group by group; needed for [`Scale::Batch`].
pub fn batch_advantages<G: AsRef<[Option<f32>]>>(groups: &[G], config: &AdvantageConfig) -> Vec<Vec<f32>> {
    todo!("{} {config:?}", groups.len())
}

/// Repeats the advantage of each completion over its tokens: `[completions]` to `[tokens]`.
pub fn per_token(advantages: &[f32], segments: &[Range<usize>]) -> Vec<f32> {
    todo!("{advantages:?} {segments:?}")
}
