//! Advantages of the steps of a completion, from rewards of its steps.

use serde::{Deserialize, Serialize};

use crate::{AdvantageConfig, Baseline, Scale, group_advantages};

/// The reward of one step of a completion.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StepReward {
    /// Index of the step's last token within the completion.
    pub end: usize,
    /// What it earned.
    pub reward: f32,
}

/// Advantages of each token of a group, from rewards of the steps of its completions.
///
/// ```text
/// r̃_ij = (r_ij − mean(R)) / (std(R) + ε)        R: the rewards of all steps of the group
/// A_it = Σ_{j: end_ij ≥ t} r̃_ij
/// ```
///
/// A token is answerable for the steps that end with it or after it, so tokens after the last step get 0. `config` says
/// which deviation and epsilon.
///
/// # Shapes
/// - `steps`: `[group][steps]`, in any order
/// - `lengths`: `[group]`, in tokens
/// - output: `[group][tokens]`
///
/// # Panics
/// If there is not one length for each completion, or a step ends after its completion.
///
/// # Examples
/// ```
/// use r1_grpo::{AdvantageConfig, StepReward, process_advantages};
///
/// let steps = [
///     vec![StepReward { end: 1, reward: 1.0 }, StepReward { end: 3, reward: 1.0 }],
///     vec![StepReward { end: 0, reward: 1.0 }, StepReward { end: 2, reward: -3.0 }],
/// ];
/// let tokens = process_advantages(&steps, &[4, 3], &AdvantageConfig::default());
/// // Mean 0, sample deviation 2: the steps are worth 0.5, 0.5, 0.5 and -1.5.
/// let expected = [vec![1.0, 1.0, 0.5, 0.5], vec![-1.0, -1.5, -1.5]];
/// for (found, expected) in tokens.iter().flatten().zip(expected.iter().flatten()) {
///     assert!((found - expected).abs() < 1e-3);
/// }
/// ```
///
/// # Source
/// DeepSeekMath (arXiv:2402.03300v3), section 4.1.3.
pub fn process_advantages(
    steps: &[Vec<StepReward>],
    lengths: &[usize],
    config: &AdvantageConfig,
) -> Vec<Vec<f32>> {
    assert!(steps.len() == lengths.len(), "{} completions but {} lengths", steps.len(), lengths.len());
    let config = AdvantageConfig { baseline: Baseline::GroupMean, scale: Scale::Group, ..*config };
    let rewards: Vec<Option<f32>> = steps.iter().flatten().map(|step| Some(step.reward)).collect();
    let mut normalised = group_advantages(&rewards, &config).into_iter();
    let of_completion = |(steps, &length): (&Vec<StepReward>, &usize)| {
        let mut tokens = vec![0.0; length];
        for (step, advantage) in steps.iter().zip(normalised.by_ref()) {
            assert!(step.end < length, "a step ends at token {} of a completion of {length}", step.end);
            tokens[..=step.end].iter_mut().for_each(|token| *token += advantage);
        }
        tokens
    };
    steps.iter().zip(lengths).map(of_completion).collect()
}
