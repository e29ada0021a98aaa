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

impl Default for AdvantageConfig {
    /// GRPO as TRL computes it: group mean, group sample deviation, epsilon 1e-4.
    fn default() -> Self {
        Self {
            baseline: Baseline::GroupMean,
            scale: Scale::Group,
            deviation: Deviation::Sample,
            epsilon: 1e-4,
        }
    }
}

impl AdvantageConfig {
    /// Dr. GRPO: the centred reward, divided by nothing.
    pub fn dr_grpo() -> Self {
        Self { scale: Scale::None, ..Self::default() }
    }

    /// RLOO: the reward minus the mean of the others.
    pub fn rloo() -> Self {
        Self { baseline: Baseline::LeaveOneOut, scale: Scale::None, ..Self::default() }
    }
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

/// Advantage of each completion relative to its own group.
///
/// ```text
/// A_i = (r_i − mean(r_1..r_G)) / (std(r_1..r_G) + ε)
/// ```
///
/// By default `std` is the sample standard deviation (divide by `G − 1`) and `ε` is 1e-4. With
/// [`Baseline::LeaveOneOut`] the mean is over the other completions, `G/(G − 1)` times the difference.
///
/// `None` is a completion on which every reward abstained: it leaves mean and deviation, and gets 0. A group whose
/// rewards are all equal carries no signal and gets exact zeros, as does one with fewer than two graded
/// completions. With [`Scale::Batch`] the group is taken as the whole batch; see [`batch_advantages`].
///
/// # Shapes
/// - `rewards`: one group, `[group]`, in units of the reward
/// - output: `[group]`, mean zero over the graded completions
///
/// # Examples
/// ```
/// # use r1_grpo::{AdvantageConfig, Deviation, group_advantages};
/// let rewards = [Some(1.0), Some(0.0), Some(0.0), Some(1.0)];
/// let advantages = group_advantages(&rewards, &AdvantageConfig::default());
/// assert!((advantages[0] - 0.866).abs() < 1e-3);
///
/// let population = AdvantageConfig { deviation: Deviation::Population, ..AdvantageConfig::default() };
/// assert!((group_advantages(&rewards, &population)[0] - 1.0).abs() < 1e-3);
///
/// let abstained = [Some(1.0), Some(0.0), None];
/// assert_eq!(group_advantages(&abstained, &AdvantageConfig::dr_grpo()), [0.5, -0.5, 0.0]);
/// ```
///
/// # Source
/// DeepSeek-R1 (arXiv:2501.12948v1), eq. (3). The paper says neither which `std` nor which `ε`; TRL, verl and
/// OpenRLHF divide by `G − 1`, and TRL adds 1e-4. `Scale::None` is Dr. GRPO (arXiv:2503.20783), leave-one-out is
/// RLOO (arXiv:2402.14740).
pub fn group_advantages(rewards: &[Option<f32>], config: &AdvantageConfig) -> Vec<f32> {
    let graded: Vec<f32> = rewards.iter().flatten().copied().collect();
    let deviation = match config.scale {
        Scale::None => None,
        Scale::Group | Scale::Batch => Some(standard_deviation(&graded, config.deviation)),
    };
    scaled(rewards, &graded, deviation, config)
}

/// Advantages of all groups of a batch.
///
/// ```text
/// A_gi = (r_gi − mean(r_g1..r_gG)) / (std(all r) + ε)        with Scale::Batch
/// ```
///
/// With the other scales each group is [`group_advantages`] on its own. The deviation is that of the rewards of the
/// whole batch, not of their differences from the group means.
///
/// # Shapes
/// - `groups`: `[prompts][group]`; groups may differ in size
/// - output: the same
///
/// # Examples
/// ```
/// # use r1_grpo::{AdvantageConfig, Scale, batch_advantages};
/// let config = AdvantageConfig { scale: Scale::Batch, ..AdvantageConfig::default() };
/// let groups = [[Some(1.0), Some(0.0)], [Some(1.0), Some(1.0)]];
/// // The deviation of 1, 0, 1, 1 is 0.5.
/// assert!((batch_advantages(&groups, &config)[0][0] - 1.0).abs() < 1e-3);
/// ```
///
/// # Source
/// Lite PPO (arXiv:2508.08221); TRL's `scale_rewards="batch"`.
pub fn batch_advantages<G: AsRef<[Option<f32>]>>(groups: &[G], config: &AdvantageConfig) -> Vec<Vec<f32>> {
    let groups = groups.iter().map(AsRef::as_ref);
    if config.scale != Scale::Batch {
        return groups.map(|rewards| group_advantages(rewards, config)).collect();
    }
    let all: Vec<f32> = groups.clone().flatten().flatten().copied().collect();
    let deviation = Some(standard_deviation(&all, config.deviation));
    groups
        .map(|rewards| {
            let graded: Vec<f32> = rewards.iter().flatten().copied().collect();
            scaled(rewards, &graded, deviation, config)
        })
        .collect()
}

/// Repeats the advantage of each completion over its tokens.
///
/// # Shapes
/// - `advantages`: `[completions]`
/// - output: `[tokens]`
///
/// # Panics
/// If there is not one advantage for each segment.
///
/// # Examples
/// ```
/// assert_eq!(r1_grpo::per_token(&[1.0, -1.0], &[0..1, 1..3]), [1.0, -1.0, -1.0]);
/// ```
pub fn per_token(advantages: &[f32], segments: &[Range<usize>]) -> Vec<f32> {
    assert!(
        advantages.len() == segments.len(),
        "{} advantages for {} segments; give one for each completion",
        advantages.len(),
        segments.len()
    );
    advantages.iter().zip(segments).flat_map(|(&a, range)| std::iter::repeat_n(a, range.len())).collect()
}

fn scaled(
    rewards: &[Option<f32>],
    graded: &[f32],
    deviation: Option<f64>,
    config: &AdvantageConfig,
) -> Vec<f32> {
    let uniform = graded.windows(2).all(|pair| pair[0] == pair[1]);
    if uniform {
        return vec![0.0; rewards.len()];
    }
    let count = graded.len() as f64;
    let mean = mean(graded);
    let gain = match config.baseline {
        Baseline::GroupMean => 1.0,
        Baseline::LeaveOneOut => count / (count - 1.0),
    };
    let divisor = deviation.map_or(1.0, |deviation| deviation + f64::from(config.epsilon));
    let advantage = |reward: f32| ((f64::from(reward) - mean) * gain / divisor) as f32;
    rewards.iter().map(|reward| reward.map_or(0.0, advantage)).collect()
}

fn mean(values: &[f32]) -> f64 {
    values.iter().map(|&value| f64::from(value)).sum::<f64>() / values.len() as f64
}

fn standard_deviation(values: &[f32], deviation: Deviation) -> f64 {
    if values.len() < 2 {
        return 0.0;
    }
    let mean = mean(values);
    let squares: f64 = values.iter().map(|&value| (f64::from(value) - mean).powi(2)).sum();
    let count = match deviation {
        Deviation::Sample => values.len() - 1,
        Deviation::Population => values.len(),
    };
    (squares / count as f64).sqrt()
}
