//! The clipped surrogate.

use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

/// Ranges of the clipped surrogate.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Clip {
    /// Downward range: the ratio is clipped at `1 − epsilon_low`. At 1 or above it never acts.
    pub epsilon_low: f32,
    /// Upward range: the ratio is clipped at `1 + epsilon_high`.
    pub epsilon_high: f32,
    /// Two-sided clipping: the *unclipped* ratio is limited to this (INTELLECT-2's δ = 4), which bounds the loss of
    /// tokens of negative advantage. TRL's `delta`.
    pub ratio_cap: Option<f32>,
    /// Dual clipping: for a negative advantage the loss is at most `dual_clip · |A|` (verl's `clip_ratio_c` = 3).
    pub dual_clip: Option<f32>,
}

/// What [`clip_loss`] needs.
#[derive(Clone, Debug)]
pub struct ClipInputs {
    /// Importance ratio of each token, `[tokens]`, with gradient.
    pub ratio: Tensor<1>,
    /// Advantage of each token, `[tokens]`, constant.
    pub advantages: Tensor<1>,
}

/// Loss of each token under the clipped surrogate.
///
/// ```text
/// J_t = min( min(c_t, δ) A_t , clip(c_t, 1 − ε_low, 1 + ε_high) A_t )
/// J_t = max( J_t , κ A_t )                                              if A_t < 0
/// l_t = −J_t
/// ```
///
/// Where `δ` is `ratio_cap` and `κ` is `dual_clip`; either step is left out if it is not set. Once clipped, a token
/// has no gradient.
///
/// # Shapes
/// - output: `[tokens]`
///
/// # Gradients
/// `advantages` is a constant.
///
/// # Examples
/// ```
/// # use burn::tensor::{Device, Tensor};
/// # use r1_grpo::{Clip, ClipInputs, clip_loss};
/// let device = Device::flex();
/// let loss = clip_loss(
///     ClipInputs {
///         ratio: Tensor::from_floats([1.5, 1.5], &device),
///         advantages: Tensor::from_floats([1.0, -1.0], &device),
///     },
///     &Clip { epsilon_low: 0.2, epsilon_high: 0.2, ratio_cap: None, dual_clip: None },
/// );
/// // A good token is clipped at 1.2; a bad one is not clipped upwards.
/// assert_eq!(loss.into_data().try_to_vec::<f32>().unwrap(), [-1.2, 1.5]);
/// ```
///
/// # Source
/// DeepSeek-R1 (arXiv:2501.12948v1), eq. (1); `ε_high` from DAPO (arXiv:2503.14476).
pub fn clip_loss(inputs: ClipInputs, clip: &Clip) -> Tensor<1> {
    let ClipInputs { ratio, advantages } = inputs;
    let advantages = advantages.detach();
    let clipped = ratio.clone().clamp(1.0 - clip.epsilon_low, 1.0 + clip.epsilon_high) * advantages.clone();
    let unclipped = match clip.ratio_cap {
        Some(cap) => ratio.clamp_max(cap),
        None => ratio,
    } * advantages.clone();
    let objective = unclipped.min_pair(clipped);
    match clip.dual_clip {
        None => -objective,
        Some(bound) => {
            let floor = advantages.clone() * bound;
            let acts = advantages.lower_elem(0.0).bool_and(objective.clone().lower(floor.clone()));
            -objective.mask_where(acts, floor)
        }
    }
}
