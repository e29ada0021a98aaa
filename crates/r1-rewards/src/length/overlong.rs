//! DAPO's soft punishment of overlong completions.

use r1_core::{Completion, Outcome, Problem, Reward, RewardError};

use super::policy_ids;

/// The punishment of a completion of `tokens` tokens.
///
/// ```text
/// 0                                  L <= L_max - L_cache
/// (L_max - L_cache - L) / L_cache    L_max - L_cache < L <= L_max
/// -1                                 L > L_max
/// ```
///
/// # Examples
/// ```
/// use r1_rewards::length::overlong;
///
/// assert_eq!(overlong(90, 100, 20), -0.5);
/// ```
///
/// # Source
/// DAPO (arXiv:2503.14476), eq. (13).
pub fn overlong(tokens: usize, max_tokens: usize, cache_tokens: usize) -> f32 {
    let (tokens, most, cache) = (tokens as f64, max_tokens as f64, cache_tokens as f64);
    if tokens > most {
        return -1.0;
    }
    // Without a cache no length lies between the bounds.
    let over = tokens - (most - cache);
    if over <= 0.0 { 0.0 } else { (-over / cache) as f32 }
}

/// [`overlong`] as a term of a reward: 0 for completions that keep well below the limit, down to -1 at the limit and
/// beyond.
///
/// Resists: running into the limit. Does not resist: anything else; it never pays, so it cannot be earned by writing little or
/// much.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OverlongReward {
    max_tokens: usize,
    cache_tokens: usize,
}

impl OverlongReward {
    /// Punishes the last `cache_tokens` before `max_tokens` more and more.
    pub fn new(max_tokens: usize, cache_tokens: usize) -> Self {
        Self { max_tokens, cache_tokens }
    }
}

impl Reward for OverlongReward {
    fn name(&self) -> &str {
        "overlong"
    }

    fn score(&self, _: &Problem, completion: &Completion) -> Result<Outcome, RewardError> {
        let punish =
            |ids: std::borrow::Cow<'_, [u32]>| overlong(ids.len(), self.max_tokens, self.cache_tokens);
        Ok(policy_ids(completion).map(punish).into())
    }
}
