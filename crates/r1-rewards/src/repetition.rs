//! Repeated n-grams of token ids.

use std::collections::HashSet;

use r1_core::{Completion, Outcome, Problem, Reward, RewardError};

use crate::length::policy_ids;

/// The penalty for the repeated runs of `size` ids: 0 when none is repeated, and towards `max_penalty` when all are.
///
/// ```text
/// r = (1 - different runs / all runs) · max_penalty
/// ```
///
/// 0 for fewer ids than `size`, and for a `size` of 0.
///
/// # Examples
/// ```
/// use r1_rewards::repetition::repetition;
///
/// assert_eq!(repetition(&[1, 2, 3, 4], 2, -1.0), 0.0);
/// assert_eq!(repetition(&[5, 5, 5, 5, 5], 2, -1.0), -0.75);
/// ```
///
/// # Source
/// Demystifying Long Chain-of-Thought Reasoning (arXiv:2502.03373), appendix C.2.
pub fn repetition(ids: &[u32], size: usize, max_penalty: f64) -> f32 {
    if size == 0 || ids.len() < size {
        return 0.0;
    }
    let different: HashSet<&[u32]> = ids.windows(size).collect();
    let all = ids.len() + 1 - size;
    match different.len() {
        // Not the -0 of a product.
        none_repeated if none_repeated == all => 0.0,
        different => ((1.0 - different as f64 / all as f64) * max_penalty) as f32,
    }
}

/// [`repetition`] as a term of a reward.
///
/// Resists: text that repeats itself, which length and language rewards would pay. Does not resist: a repetition with a
/// change in every `size` tokens, such as a counter. Long honest derivations repeat some runs, too, and pay a little.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RepetitionReward {
    size: usize,
    max_penalty: f64,
}

impl RepetitionReward {
    /// Runs of three ids, at most -1.
    pub fn new() -> Self {
        Self { size: 3, max_penalty: -1.0 }
    }

    /// The same for runs of another number of ids.
    #[must_use]
    pub fn with_size(self, size: usize) -> Self {
        Self { size, ..self }
    }

    /// The same with another value for a text that is nothing but repetition.
    #[must_use]
    pub fn with_max_penalty(self, max_penalty: f64) -> Self {
        Self { max_penalty, ..self }
    }
}

impl Default for RepetitionReward {
    fn default() -> Self {
        Self::new()
    }
}

impl Reward for RepetitionReward {
    fn name(&self) -> &str {
        "repetition"
    }

    fn score(&self, _: &Problem, completion: &Completion) -> Result<Outcome, RewardError> {
        Ok(policy_ids(completion).map(|ids| repetition(&ids, self.size, self.max_penalty)).into())
    }
}
