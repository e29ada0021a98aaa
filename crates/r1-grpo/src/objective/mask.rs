//! Masks: tokens on which the surrogate does not act.

use burn::tensor::{Bool, Tensor};

use crate::objective::segment::SegmentMap;

/// Which tokens of an optimizer step have high entropy.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TopEntropy {
    /// Smallest entropy that counts as high, in nats.
    pub threshold: f32,
    /// Number of tokens of the step at or above the threshold.
    pub tokens: usize,
}

/// Finds the `fraction` of tokens of highest entropy.
///
/// The threshold is the `1 − fraction` quantile, interpolated linearly. It must be taken over the whole optimizer
/// step, not over a micro-batch, or the loss would depend on the split; entropies of the rollout serve.
///
/// # Shapes
/// - `entropies`: `[tokens]` of the whole step, nats
///
/// # Panics
/// If there are no tokens, an entropy is not a number, or `fraction` is outside `(0, 1]`.
///
/// # Examples
/// ```
/// # use r1_grpo::top_entropy;
/// let top = top_entropy(&[0.1, 0.2, 0.3, 0.4, 0.5], 0.25);
/// assert_eq!((top.threshold, top.tokens), (0.4, 2));
/// ```
///
/// # Source
/// "Beyond the 80/20 rule" (arXiv:2506.01939), which keeps a fifth of the tokens.
pub fn top_entropy(entropies: &[f32], fraction: f32) -> TopEntropy {
    assert!(!entropies.is_empty(), "no entropies were given; the threshold needs those of the whole step");
    assert!(fraction > 0.0 && fraction <= 1.0, "top_entropy is {fraction}; it must be above 0 and at most 1");
    let mut sorted = entropies.to_vec();
    sorted.sort_by(|a, b| a.partial_cmp(b).expect("entropies are numbers"));
    let position = (1.0 - f64::from(fraction)) * (sorted.len() - 1) as f64;
    let (below, part) = (position.floor() as usize, position.fract());
    let (low, high) = (f64::from(sorted[below]), f64::from(sorted[(below + 1).min(sorted.len() - 1)]));
    let threshold = (low + part * (high - low)) as f32;
    TopEntropy { threshold, tokens: entropies.iter().filter(|&&entropy| entropy >= threshold).count() }
}

/// True where DeepSeek-V3.2's off-policy mask drops a token: its advantage is negative and
/// `mean_t log(π_old/π_θ)` of its completion is above `threshold`.
pub(crate) fn off_policy(
    logprobs: Tensor<1>,
    sampled_logprobs: Tensor<1>,
    advantages: Tensor<1>,
    map: &SegmentMap,
    threshold: f32,
) -> Tensor<1, Bool> {
    let drift = map.spread(map.mean(sampled_logprobs.detach() - logprobs.detach()));
    advantages.detach().lower_elem(0.0).bool_and(drift.greater_elem(threshold))
}
