//! CISPO: policy gradient weighted by the truncated importance ratio.

use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

/// Limits of the weight in CISPO. They are absolute ratios, not distances from 1.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cispo {
    /// Largest weight: 5.0 in ScaleRL, TRL's `epsilon_high`. verl writes it as `1 + clip_high`.
    pub ratio_cap: f32,
    /// Smallest weight; the paper turns it off.
    pub ratio_floor: Option<f32>,
}

/// What [`cispo_loss`] needs.
#[derive(Clone, Debug)]
pub struct CispoInputs {
    /// log π_θ of each token in nats, `[tokens]`, with gradient.
    pub logprobs: Tensor<1>,
    /// Importance ratio of each token, `[tokens]`, taken as a constant.
    pub ratio: Tensor<1>,
    /// Advantage of each token, `[tokens]`, constant.
    pub advantages: Tensor<1>,
}

/// Loss of each token under CISPO.
///
/// ```text
/// l_t = −sg[ clip(c_t, floor, cap) ] · A_t · log π_θ(o_t)
/// ```
///
/// Unlike the clipped surrogate it takes no token's gradient away: it limits how much one counts.
///
/// # Shapes
/// - output: `[tokens]`
///
/// # Gradients
/// `ratio` and `advantages` are constants.
///
/// # Source
/// MiniMax-M1 (arXiv:2506.13585), which gives no cap; ScaleRL (arXiv:2510.13786).
pub fn cispo_loss(inputs: CispoInputs, cispo: &Cispo) -> Tensor<1> {
    let mut weight = inputs.ratio.detach().clamp_max(cispo.ratio_cap);
    if let Some(floor) = cispo.ratio_floor {
        weight = weight.clamp_min(floor);
    }
    -(inputs.logprobs * (weight * inputs.advantages.detach()))
}
