//! The gated activation and the product behind it, of which the backward pass needs the activation's input only.

use burn::backend::Dispatch;
use burn::tensor::Tensor;

use super::{differentiable::Differentiable, linear, swiglu};

/// `y = swiglu(x) Wᵀ`: [`swiglu()`] and [`linear()`] in one.
///
/// The backward pass computes the activation again instead of keeping it, which saves `tokens · d_ff` floats for
/// each use, and on the CPU gives the same bits.
///
/// # Shapes
/// - `gate_up`: `[tokens, 2 · d_ff]`
/// - `weight`: `[d_out, d_ff]`
/// - output: `[tokens, d_out]`
///
/// # Gradients
/// Flow into both, by the formulas of the two functions.
///
/// # Panics
/// When `gate_up` is not twice as wide as the weight.
pub fn swiglu_linear(gate_up: Tensor<2>, weight: Tensor<2>) -> Tensor<2> {
    assert_eq!(gate_up.dims()[1], 2 * weight.dims()[1], "gate and up are not as wide as the weight");
    Tensor::from_dispatch(Dispatch::swiglu_linear(gate_up.into_dispatch(), weight.into_dispatch()))
}

/// [`swiglu_linear`] by plain tensor operations.
pub fn reference(gate_up: Tensor<2>, weight: Tensor<2>) -> Tensor<2> {
    linear::reference(swiglu::reference(gate_up), weight)
}

#[cfg(all(test, feature = "flex"))]
mod tests {
    use super::*;
    use crate::kernels::check;

    #[test]
    fn kernel_equals_reference_with_gradients() {
        for [tokens, d_ff, d_out] in [[1, 1, 1], [3, 17, 5], [130, 32, 50], [1, 576, 97]] {
            check::agree(
                [tokens, d_out],
                &[vec![tokens, 2 * d_ff], vec![d_out, d_ff]],
                |t| swiglu_linear(t[0].clone(), t[1].clone()),
                |t| reference(t[0].clone(), t[1].clone()),
            );
        }
    }

    #[test]
    fn bits_are_those_of_the_two_kernels() {
        check::same_bits(
            [70, 33],
            &[vec![70, 96], vec![33, 48]],
            |t| swiglu_linear(t[0].clone(), t[1].clone()),
            |t| linear(swiglu(t[0].clone()), t[1].clone()),
        );
    }
}
