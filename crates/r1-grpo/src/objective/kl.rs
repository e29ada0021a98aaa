//! Divergence of the policy from its reference.

use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

use crate::objective::ratio::MAX_LOG_RATIO;

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
        KlEstimator::K3 => {
            // Rounding can leave a tiny d with a value below 0; it is lifted, and its gradient kept.
            let kl = k3(d);
            let lift = (-kl.clone().detach()).clamp_min(0.0);
            kl + lift
        }
        KlEstimator::K3Plus => {
            let gradient = k2(d.clone());
            k3(d).detach() + (gradient.clone() - gradient.detach())
        }
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;

    /// Value and derivative by log π_θ at log π_θ = −1.
    fn at(d: f32, estimator: KlEstimator) -> (f32, f32) {
        let device = Device::flex().autodiff();
        let logprobs = Tensor::<1>::from_floats([-1.0], &device).require_grad();
        let reference_logprobs = Tensor::from_floats([d - 1.0], &device);
        let kl = kl_divergence(KlInputs { logprobs: logprobs.clone(), reference_logprobs }, estimator);
        let gradients = kl.clone().backward();
        (kl.into_scalar(), logprobs.grad(&gradients).unwrap().into_scalar())
    }

    fn assert_close(actual: (f32, f32), expected: (f32, f32)) {
        let close = |a: f32, b: f32| (a - b).abs() < 1e-6;
        assert!(
            close(actual.0, expected.0) && close(actual.1, expected.1),
            "{actual:?}, expected {expected:?}"
        );
    }

    #[test]
    fn estimators_have_their_values_and_gradients() {
        // d = 0.5: k1 = −0.5 with slope 1; k2 = 0.125 with slope −0.5; k3 = e^0.5 − 1.5 with slope 1 − e^0.5.
        let k3 = 0.5f32.exp() - 1.5;
        assert_close(at(0.5, KlEstimator::K1), (-0.5, 1.0));
        assert_close(at(0.5, KlEstimator::K2), (0.125, -0.5));
        assert_close(at(0.5, KlEstimator::K3), (k3, 1.0 - 0.5f32.exp()));
        assert_close(at(0.5, KlEstimator::K3Plus), (k3, -0.5));
    }

    #[test]
    fn k3_keeps_its_gradient_where_rounding_hides_its_value() {
        for step in 1..50 {
            let d = step as f32 * 1e-5;
            let (value, slope) = at(d, KlEstimator::K3);
            assert!(value >= 0.0 && (slope + d).abs() < 1e-6, "d = {d}: {value}, {slope}");
        }
    }

    #[test]
    fn a_vast_difference_stays_finite() {
        let (value, slope) = at(1000.0, KlEstimator::K3);
        assert!(value.is_finite() && slope == 0.0);
    }
}
