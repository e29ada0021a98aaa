//! Importance ratios between the policy that is trained and the one that sampled.

use std::ops::Range;

use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

use crate::objective::segment::{SegmentMap, assert_segments};

/// Log-ratios beyond this many nats are cut off, so that `exp` cannot overflow and turn `0 · ∞` into NaN.
pub(crate) const MAX_LOG_RATIO: f64 = 20.0;

/// Over what the importance ratio is taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RatioLevel {
    /// One ratio for each token (GRPO as it is implemented, PPO).
    #[default]
    Token,
    /// One ratio for each completion, the geometric mean of its tokens' (GSPO).
    Sequence,
    /// The value of `Sequence` with the gradient of `Token` (GSPO-token); differs only if advantages do within a
    /// completion.
    SequenceToken,
}

/// What [`log_ratio`] needs.
#[derive(Clone, Debug)]
pub struct RatioInputs<'a> {
    /// log π_θ of each token in nats, `[tokens]`, with gradient.
    pub logprobs: Tensor<1>,
    /// log π_old of each token in nats, `[tokens]`, constant.
    pub old_logprobs: Tensor<1>,
    /// Range of tokens of each completion, in order.
    pub segments: &'a [Range<usize>],
}

/// Logarithm of the importance ratio that applies to each token.
///
/// ```text
/// token:           log c_t = log π_θ(o_t) − log π_old(o_t)
/// sequence:        log c_t = 1/|o| Σ_s ( log π_θ(o_s) − log π_old(o_s) )       for every t of o
/// sequence-token:  log c_t = sg[ the same ] + log π_θ(o_t) − sg[ log π_θ(o_t) ]
/// ```
///
/// The log-ratio of a token is limited to ±20 nats, as in verl; the papers and TRL let it overflow.
///
/// # Shapes
/// - output: `[tokens]`, nats; at the sequence levels the value is repeated over the completion
///
/// # Gradients
/// `old_logprobs` is a constant.
///
/// # Panics
/// If `segments` do not cover the tokens in order.
///
/// # Source
/// DeepSeekMath (arXiv:2402.03300), eq. (3); GSPO (arXiv:2507.18071). The R1 papers print the ratio of whole outputs,
/// but speak of clipped tokens (arXiv:2501.12948v2, section 3.2.1).
pub fn log_ratio(inputs: RatioInputs<'_>, level: RatioLevel) -> Tensor<1> {
    let [tokens] = inputs.logprobs.dims();
    assert_segments(inputs.segments, tokens);
    let map = SegmentMap::new(inputs.segments, &inputs.logprobs.device(), inputs.logprobs.dtype());
    let of_token = token_log_ratio(inputs.logprobs.clone(), inputs.old_logprobs);
    at_level(of_token, inputs.logprobs, level, &map)
}

pub(crate) fn token_log_ratio(logprobs: Tensor<1>, old_logprobs: Tensor<1>) -> Tensor<1> {
    (logprobs - old_logprobs.detach()).clamp(-MAX_LOG_RATIO, MAX_LOG_RATIO)
}

pub(crate) fn at_level(
    of_token: Tensor<1>,
    logprobs: Tensor<1>,
    level: RatioLevel,
    map: &SegmentMap,
) -> Tensor<1> {
    match level {
        RatioLevel::Token => of_token,
        RatioLevel::Sequence => map.spread(map.mean(of_token)),
        RatioLevel::SequenceToken => {
            map.spread(map.mean(of_token.detach())) + (logprobs.clone() - logprobs.detach())
        }
    }
}
