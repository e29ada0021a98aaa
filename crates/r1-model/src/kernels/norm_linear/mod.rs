//! A norm and the product behind it, of which the backward pass needs the norm's input only.

use burn::backend::Dispatch;
use burn::tensor::Tensor;

use super::{differentiable::Differentiable, linear, rms_norm};

/// `y = rms_norm(x) Wᵀ`: [`rms_norm()`] and [`linear()`] in one.
///
/// The backward pass computes the normalised rows again instead of keeping them, which saves
/// `tokens · d_model` floats for each use, and on the CPU gives the same bits.
///
/// # Shapes
/// - `x`: `[tokens, d_in]`
/// - `norm`: `[d_in]`
/// - `weight`: `[d_out, d_in]`
/// - output: `[tokens, d_out]`
///
/// # Gradients
/// Flow into all three, by the formulas of the two functions.
///
/// # Panics
/// When the inner dimensions differ.
pub fn norm_linear(x: Tensor<2>, norm: Tensor<1>, epsilon: f64, weight: Tensor<2>) -> Tensor<2> {
    assert_eq!(x.dims()[1], weight.dims()[1], "x and the weight need the same inner dimension");
    let (x, norm, weight) = (x.into_dispatch(), norm.into_dispatch(), weight.into_dispatch());
    Tensor::from_dispatch(Dispatch::norm_linear(x, norm, weight, epsilon))
}

/// [`norm_linear`] by plain tensor operations.
pub fn reference(x: Tensor<2>, norm: Tensor<1>, epsilon: f64, weight: Tensor<2>) -> Tensor<2> {
    linear::reference(rms_norm::reference(x, norm, epsilon), weight)
}

#[cfg(all(test, feature = "flex"))]
mod tests {
    use super::*;
    use crate::kernels::check;

    #[test]
    fn kernel_equals_reference_with_gradients() {
        for [tokens, d_in, d_out] in [[1, 3, 1], [3, 17, 5], [130, 32, 50], [1, 576, 97]] {
            check::agree(
                [tokens, d_out],
                &[vec![tokens, d_in], vec![d_in], vec![d_out, d_in]],
                |t| norm_linear(t[0].clone(), check::vector(&t[1]), 1e-5, t[2].clone()),
                |t| reference(t[0].clone(), check::vector(&t[1]), 1e-5, t[2].clone()),
            );
        }
    }

    #[test]
    fn bits_are_those_of_the_two_kernels() {
        check::same_bits(
            [70, 33],
            &[vec![70, 48], vec![48], vec![33, 48]],
            |t| norm_linear(t[0].clone(), check::vector(&t[1]), 1e-5, t[2].clone()),
            |t| linear(rms_norm(t[0].clone(), check::vector(&t[1]), 1e-5), t[2].clone()),
        );
    }
}
