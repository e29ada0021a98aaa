//! SAPO: a sigmoid gate instead of a clip.

use burn::tensor::{Tensor, activation::sigmoid};
use serde::{Deserialize, Serialize};

/// Temperatures of SAPO's gate; a higher one closes faster.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sapo {
    /// τ for tokens of positive advantage; the paper's 1.0.
    pub temperature_positive: f32,
    /// τ for the other tokens; the paper's 1.05.
    pub temperature_negative: f32,
}

impl Default for Sapo {
    fn default() -> Self {
        Self { temperature_positive: 1.0, temperature_negative: 1.05 }
    }
}

/// What [`sapo_loss`] needs.
#[derive(Clone, Debug)]
pub struct SapoInputs {
    /// Importance ratio of each token, `[tokens]`, with gradient.
    pub ratio: Tensor<1>,
    /// Advantage of each token, `[tokens]`, constant.
    pub advantages: Tensor<1>,
}

/// Loss of each token under SAPO.
///
/// ```text
/// l_t = −(4/τ) · σ( τ (c_t − 1) ) · A_t,      τ = τ_pos if A_t > 0 else τ_neg
/// ```
///
/// At `c_t = 1` its gradient is that of the plain policy gradient.
///
/// # Shapes
/// - output: `[tokens]`
///
/// # Gradients
/// `advantages` is a constant.
///
/// # Source
/// SAPO (arXiv:2511.20347).
pub fn sapo_loss(inputs: SapoInputs, sapo: &Sapo) -> Tensor<1> {
    let advantages = inputs.advantages.detach();
    let temperature = advantages
        .zeros_like()
        .add_scalar(sapo.temperature_negative)
        .mask_fill(advantages.clone().greater_elem(0.0), sapo.temperature_positive);
    let gate = sigmoid((inputs.ratio - 1.0) * temperature.clone());
    -(gate * (advantages * 4.0 / temperature))
}
