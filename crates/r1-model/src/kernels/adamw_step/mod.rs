//! One parameter's step of AdamW.

#[cfg(feature = "flex")]
pub(crate) mod flex;

use burn::backend::Dispatch;
use burn::tensor::{Device, Tensor};

use super::non_differentiable::NonDifferentiable;

/// Flattened first and second moment of one parameter.
#[derive(Debug, Clone)]
pub struct Moments {
    /// Mean of the gradients.
    pub first: Tensor<1>,
    /// Mean of their squares.
    pub second: Tensor<1>,
}

impl Moments {
    /// Those of a parameter that was never moved.
    pub fn zeros(count: usize, device: &Device) -> Self {
        let zeros = || Tensor::zeros([count], device);
        Self { first: zeros(), second: zeros() }
    }
}

/// The constants of one parameter's step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StepConstants {
    /// Decay of the first and of the second moment, `β₁` and `β₂`.
    pub betas: [f64; 2],
    /// Added to the root of the second moment, `ε`.
    pub epsilon: f64,
    /// Decoupled decay, `λ`.
    pub weight_decay: f64,
    /// What the gradient is multiplied with to obey a clip of the norm, `c`.
    pub clip: f64,
    /// `η`
    pub learning_rate: f64,
    /// `1 − β₁ᵗ` and `1 − β₂ᵗ`.
    pub bias_corrections: [f64; 2],
}

/// Moves a flattened parameter against its gradient, and its moments towards it.
///
/// ```text
/// g ← c g
/// m ← β₁ m + (1 − β₁) g        v ← β₂ v + (1 − β₂) g²
/// w ← w − η (λ w + (m / (1 − β₁ᵗ)) / (sqrt(v / (1 − β₂ᵗ)) + ε))
/// ```
///
/// On the CPU this is one pass over the four arrays, and weight and moments keep their memory when nobody else holds it.
///
/// # Shapes
/// - all tensors: `[count]`
///
/// # Gradients
/// None: tensors on an autodiff tape are refused.
///
/// # Panics
/// When the lengths differ.
///
/// # Source
/// Loshchilov and Hutter, "Decoupled Weight Decay Regularization" (arXiv:1711.05101v3), algorithm 2; the order of
/// operations as PyTorch's `AdamW`.
pub fn adamw_step(
    weight: Tensor<1>,
    gradient: Tensor<1>,
    moments: Moments,
    constants: &StepConstants,
) -> (Tensor<1>, Moments) {
    let Moments { first, second } = moments;
    let count = weight.dims();
    assert!(
        [&gradient, &first, &second].iter().all(|tensor| tensor.dims() == count),
        "gradient and moments must be as long as the weight"
    );
    let (weight, first, second) = Dispatch::adamw_step(
        weight.into_dispatch(),
        gradient.into_dispatch(),
        first.into_dispatch(),
        second.into_dispatch(),
        constants,
    );
    let moments = Moments { first: Tensor::from_dispatch(first), second: Tensor::from_dispatch(second) };
    (Tensor::from_dispatch(weight), moments)
}

/// [`adamw_step`] by plain tensor operations.
pub fn reference(
    weight: Tensor<1>,
    gradient: Tensor<1>,
    moments: Moments,
    constants: &StepConstants,
) -> (Tensor<1>, Moments) {
    let StepConstants { betas, epsilon, weight_decay, clip, learning_rate, bias_corrections } = *constants;
    let gradient = gradient.mul_scalar(clip);
    let first = moments.first.mul_scalar(betas[0]) + gradient.clone().mul_scalar(1.0 - betas[0]);
    let second = moments.second.mul_scalar(betas[1]) + gradient.powi_scalar(2).mul_scalar(1.0 - betas[1]);
    let denominator = second.clone().div_scalar(bias_corrections[1]).sqrt().add_scalar(epsilon);
    let step = first.clone().mul_scalar(learning_rate / bias_corrections[0]) / denominator;
    let weight = weight.mul_scalar(1.0 - learning_rate * weight_decay) - step;
    (weight, Moments { first, second })
}

#[cfg(all(test, feature = "flex"))]
mod tests {
    use burn::tensor::FloatDType;

    use super::*;
    use crate::kernels::check;

    fn constants(step: i32) -> StepConstants {
        StepConstants {
            betas: [0.9, 0.999],
            epsilon: 1e-8,
            weight_decay: 0.1,
            clip: 0.5,
            learning_rate: 1e-2,
            bias_corrections: [1.0 - 0.9f64.powi(step), 1.0 - 0.999f64.powi(step)],
        }
    }

    #[test]
    fn kernel_equals_reference_over_steps() {
        for count in [0, 1, 17, 1 << 14, (1 << 14) + 1, 21_000] {
            for (dtype, tolerance) in [(FloatDType::F32, 1e-6), (FloatDType::F64, 0.0)] {
                let random = |seed| check::random_vector(count, seed).cast(dtype);
                let start = random(1);
                let zeros = || Moments { first: start.zeros_like(), second: start.zeros_like() };
                let (mut ours, mut theirs) = ((start.clone(), zeros()), (start.clone(), zeros()));
                for step in 1..4 {
                    let gradient = random(10 + step as u64);
                    ours = adamw_step(ours.0, gradient.clone(), ours.1, &constants(step));
                    theirs = reference(theirs.0, gradient, theirs.1, &constants(step));
                    for (ours, theirs, what) in [
                        (&ours.0, &theirs.0, "weights"),
                        (&ours.1.first, &theirs.1.first, "first moment"),
                        (&ours.1.second, &theirs.1.second, "second moment"),
                    ] {
                        check::close(&ours.to_data(), &theirs.to_data(), tolerance, what);
                    }
                }
            }
        }
    }

    #[test]
    fn the_first_step_moves_each_weight_by_the_learning_rate() {
        // m / (1 − β₁) = g and v / (1 − β₂) = g², so the step is η g / |g|.
        let (weight, gradient) = (check::random_vector(50, 1), check::random_vector(50, 2));
        let zeros = Moments { first: weight.zeros_like(), second: weight.zeros_like() };
        let constants = StepConstants { weight_decay: 0.0, clip: 1.0, learning_rate: 0.1, ..constants(1) };
        let (moved, _) = adamw_step(weight.clone(), gradient.clone(), zeros, &constants);
        let expected = weight - gradient.sign().mul_scalar(0.1);
        check::close(&moved.into_data(), &expected.into_data(), 1e-5, "weights");
    }

    #[test]
    fn who_shares_a_weight_keeps_the_old_one() {
        let whole = check::random_vector(40, 1);
        let before = whole.to_data();
        let part = whole.clone().slice(7..30);
        let moments = || Moments { first: part.zeros_like(), second: part.zeros_like() };
        let gradient = check::random_vector(23, 2);
        let (expected, _) = reference(part.clone(), gradient.clone(), moments(), &constants(1));
        let (found, _) = adamw_step(part.clone(), gradient, moments(), &constants(1));
        check::close(&found.into_data(), &expected.into_data(), 1e-6, "weights");
        check::close(&whole.into_data(), &before, 0.0, "the whole of which the weight is a part");
    }
}
