//! Divergence of the policy from its reference.

use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

use crate::ratio::MAX_LOG_RATIO;

/// The divergence from the reference as a part of the loss.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kl {
    /// Which estimator.
    pub estimator: KlEstimator,
    /// Its weight, the papers' β; 0 turns it off. R1: 0.001, DeepSeekMath: 0.04, most later work: 0.
    pub coef: f32,
    /// Multiplies the estimate by the importance ratio (with gradient), which makes it unbiased off-policy
    /// (DeepSeek-V3.2, arXiv:2512.02556).
    pub importance_weighted: bool,
}

impl Kl {
    /// No divergence term.
    pub const OFF: Self = Self { estimator: KlEstimator::K3, coef: 0.0, importance_weighted: false };

    /// The estimator of the R1 papers, k3, with weight `coef`.
    pub const fn k3(coef: f32) -> Self {
        Self { estimator: KlEstimator::K3, coef, importance_weighted: false }
    }
}

/// Estimators of KL(π_θ ‖ π_ref) from one sampled token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KlEstimator {
    /// `−d`: unbiased, of either sign; as a loss its gradient has mean zero.
    K1,
    /// `d²/2`: biased, and on-policy its gradient is that of the true divergence.
    K2,
    /// `e^d − d − 1`: unbiased and never negative (the papers').
    #[default]
    K3,
    /// The value of `K3` with the gradient of `K2` (verl's `k3+`).
    K3Plus,
}

/// What [`kl_divergence`] needs.
#[derive(Clone, Debug)]
pub struct KlInputs {
    /// log π_θ of each token in nats, `[tokens]`, with gradient.
    pub logprobs: Tensor<1>,
    /// log π_ref of each token in nats, `[tokens]`, constant.
    pub reference_logprobs: Tensor<1>,
}

/// Estimate of the divergence from the reference at each token.
///
/// ```text
/// d_t = log π_ref(o_t) − log π_θ(o_t)
/// k1 = −d        k2 = d²/2        k3 = e^d − d − 1
/// ```
///
/// `d` is limited to ±20 nats, as in verl; the papers let `e^d` overflow.
///
/// # Shapes
/// - output: `[tokens]`, nats
///
/// # Gradients
/// `reference_logprobs` is a constant.
///
/// # Examples
/// ```
/// # use burn::tensor::{Device, Tensor};
/// # use r1_grpo::{KlEstimator, KlInputs, kl_divergence};
/// let device = Device::flex();
/// let kl = kl_divergence(
///     KlInputs {
///         logprobs: Tensor::from_floats([-1.0], &device),
///         reference_logprobs: Tensor::from_floats([-1.5], &device),
///     },
///     KlEstimator::K3,
/// );
/// // e^-0.5 + 0.5 − 1
/// assert!((kl.into_scalar::<f32>() - 0.106_530_66).abs() < 1e-6);
/// ```
///
/// # Source
/// DeepSeek-R1 (arXiv:2501.12948v1), eq. (2); DeepSeekMath (arXiv:2402.03300), eq. (4), for `k3`.
pub fn kl_divergence(inputs: KlInputs, estimator: KlEstimator) -> Tensor<1> {
    let d = (inputs.reference_logprobs.detach() - inputs.logprobs).clamp(-MAX_LOG_RATIO, MAX_LOG_RATIO);
    let k2 = |d: Tensor<1>| d.clone() * d * 0.5;
    let k3 = |d: Tensor<1>| d.clone().exp() - d - 1.0;
    match estimator {
        KlEstimator::K1 => -d,
        KlEstimator::K2 => k2(d),
        KlEstimator::K3 => k3(d).clamp_min(0.0),
        KlEstimator::K3Plus => {
            let gradient = k2(d.clone());
            k3(d).detach() + (gradient.clone() - gradient.detach())
        }
    }
}
