//! Correction of the mismatch between the program that sampled and the one that trains.

use std::ops::Range;

use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

use crate::objective::ratio::MAX_LOG_RATIO;
use crate::objective::segment::{SegmentMap, assert_segments};

/// How tokens are re-weighted when the sampler's log-probabilities differ from the trainer's.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Correction {
    /// Over what the ratio is taken.
    pub level: CorrectionLevel,
    /// What happens to a ratio outside `[min, max]`.
    pub outside: Outside,
    /// Smallest ratio accepted, if any.
    pub min: Option<f32>,
    /// Largest ratio accepted. TRL's default is 3, verl's 2.
    pub max: f32,
}

/// Over what the ratio between trainer and sampler is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CorrectionLevel {
    /// Each token.
    Token,
    /// The product over a completion; grows with its length.
    Sequence,
    /// The geometric mean over a completion.
    SequenceMean,
}

/// What happens to a ratio outside its range.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outside {
    /// It is set to the nearer limit (truncated importance sampling).
    Truncate,
    /// The token, or the completion, is dropped (masked importance sampling, IcePop).
    Mask,
}

/// What [`mismatch_weights`] needs.
#[derive(Clone, Debug)]
pub struct CorrectionInputs<'a> {
    /// log π_old of each token by the trainer, in nats, `[tokens]`.
    pub old_logprobs: Tensor<1>,
    /// The same as the sampler reported it, `[tokens]`.
    pub sampled_logprobs: Tensor<1>,
    /// Range of tokens of each completion, in order.
    pub segments: &'a [Range<usize>],
}

/// Weight of each token that makes up for the sampler's mismatch.
///
/// ```text
/// token:          w_t = π_old(o_t) / μ(o_t)
/// sequence:       w_t = Π_s π_old(o_s) / μ(o_s)
/// sequence mean:  w_t = ( Π_s π_old(o_s) / μ(o_s) )^(1/|o|)
/// then truncated to [min, max], or 0 outside
/// ```
///
/// Use it when π_old was computed anew by the trainer; if the sampler's own log-probabilities serve as π_old, the
/// clipped ratio already does this work.
///
/// # Shapes
/// - output: `[tokens]`, constant
///
/// # Panics
/// If `segments` do not cover the tokens in order.
///
/// # Source
/// TRL 1.16, `vllm_importance_sampling_mode`.
pub fn mismatch_weights(inputs: CorrectionInputs<'_>, correction: &Correction) -> Tensor<1> {
    let old = inputs.old_logprobs.detach();
    assert_segments(inputs.segments, old.dims()[0]);
    let map = SegmentMap::new(inputs.segments, &old.device(), old.dtype());
    weights(old, inputs.sampled_logprobs, &map, correction)
}

pub(crate) fn weights(
    old_logprobs: Tensor<1>,
    sampled_logprobs: Tensor<1>,
    map: &SegmentMap,
    correction: &Correction,
) -> Tensor<1> {
    let log = old_logprobs.detach() - sampled_logprobs.detach();
    let log = match correction.level {
        CorrectionLevel::Token => log,
        CorrectionLevel::Sequence => map.spread(map.sum(log)),
        CorrectionLevel::SequenceMean => map.spread(map.mean(log)),
    };
    let ratio = log.clamp(-MAX_LOG_RATIO, MAX_LOG_RATIO).exp();
    let min = correction.min.unwrap_or(0.0);
    match correction.outside {
        Outside::Truncate => ratio.clamp(min, correction.max),
        Outside::Mask => {
            let outside = ratio.clone().lower_elem(min).bool_or(ratio.clone().greater_elem(correction.max));
            ratio.mask_fill(outside, 0.0)
        }
    }
}
