//! VESPO: policy gradient weighted by a smooth function of the ratio of the whole completion.

use std::ops::Range;

use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

use crate::objective::ratio::token_log_ratio;
use crate::objective::segment::{SegmentMap, assert_segments};

/// Smallest log of a completion's ratio, log 1e-8.
const MIN_LOG_WEIGHT: f64 = -18.420_680_743_952_367;
/// Largest log of a completion's ratio.
const MAX_LOG_WEIGHT: f64 = 20.0;

/// Shape of VESPO's weight.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gamma {
    /// Power of the ratio.
    pub k: f32,
    /// Rate at which large ratios are damped.
    pub lambda: f32,
}

/// VESPO's weights for good and for bad completions.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Vespo {
    /// For advantages of 0 or more; TRL's k = 2, λ = 3.
    pub positive: Gamma,
    /// For negative advantages; TRL's k = 3, λ = 2.
    pub negative: Gamma,
}

impl Default for Vespo {
    fn default() -> Self {
        Self { positive: Gamma { k: 2.0, lambda: 3.0 }, negative: Gamma { k: 3.0, lambda: 2.0 } }
    }
}

/// What [`vespo_loss`] needs.
#[derive(Clone, Debug)]
pub struct VespoInputs {
    /// log π_θ of each token in nats, `[tokens]`, with gradient.
    pub logprobs: Tensor<1>,
    /// Weight of each token, `[tokens]`, constant; see [`vespo_weight`].
    pub weight: Tensor<1>,
    /// Advantage of each token, `[tokens]`, constant.
    pub advantages: Tensor<1>,
}

/// Loss of each token under VESPO.
///
/// ```text
/// l_t = −sg[ φ ] · A_t · log π_θ(o_t)
/// ```
///
/// # Shapes
/// - output: `[tokens]`
///
/// # Gradients
/// `weight` and `advantages` are constants.
///
/// # Source
/// As implemented in TRL 1.16, `loss_type="vespo"`.
pub fn vespo_loss(inputs: VespoInputs) -> Tensor<1> {
    -(inputs.logprobs * (inputs.weight.detach() * inputs.advantages.detach()))
}

/// What [`vespo_weight`] needs.
#[derive(Clone, Debug)]
pub struct VespoWeightInputs<'a> {
    /// log π_θ of each token in nats, `[tokens]`.
    pub logprobs: Tensor<1>,
    /// log π_old of each token in nats, `[tokens]`.
    pub old_logprobs: Tensor<1>,
    /// Advantage of each token, `[tokens]`; only the sign matters.
    pub advantages: Tensor<1>,
    /// Range of tokens of each completion, in order.
    pub segments: &'a [Range<usize>],
}

/// Weight of each token under VESPO.
///
/// ```text
/// log W = Σ_t ( log π_θ(o_t) − log π_old(o_t) ),   limited to [log 1e-8, 20]
/// log φ = λ + k · log W − λ · W,                   (k, λ) by the sign of A
/// ```
///
/// # Shapes
/// - output: `[tokens]`, constant
///
/// # Panics
/// If `segments` do not cover the tokens in order.
///
/// # Source
/// As implemented in TRL 1.16, `loss_type="vespo"`.
pub fn vespo_weight(inputs: VespoWeightInputs<'_>, vespo: &Vespo) -> Tensor<1> {
    assert_segments(inputs.segments, inputs.logprobs.dims()[0]);
    let map = SegmentMap::new(inputs.segments, &inputs.logprobs.device(), inputs.logprobs.dtype());
    weight(token_log_ratio(inputs.logprobs, inputs.old_logprobs), inputs.advantages, None, &map, vespo)
}

/// The weight, with the correction of the sampler's mismatch folded into `W`.
pub(crate) fn weight(
    token_log_ratio: Tensor<1>,
    advantages: Tensor<1>,
    correction: Option<Tensor<1>>,
    map: &SegmentMap,
    vespo: &Vespo,
) -> Tensor<1> {
    let mut total = map.sum(token_log_ratio.detach());
    if let Some(correction) = correction {
        let positive = correction.detach().clamp_min(f32::MIN_POSITIVE);
        total = total + map.sum(positive.log().clamp(MIN_LOG_WEIGHT, MAX_LOG_WEIGHT));
    }
    let log_w = map.spread(total.clamp(MIN_LOG_WEIGHT, MAX_LOG_WEIGHT));
    let phi =
        |gamma: &Gamma| (log_w.clone() * gamma.k - log_w.clone().exp() * gamma.lambda + gamma.lambda).exp();
    phi(&vespo.positive).mask_where(advantages.detach().lower_elem(0.0), phi(&vespo.negative))
}
