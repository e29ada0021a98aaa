//! The product with a weight matrix.

#[cfg(feature = "flex")]
pub(crate) mod flex;
#[cfg(feature = "flex")]
mod ahead;
#[cfg(all(feature = "flex", target_arch = "x86_64"))]
mod avx512;

use burn::backend::Dispatch;
use burn::tensor::Tensor;

use super::{differentiable::Differentiable, non_differentiable::NonDifferentiable};

/// `y = x Wᵀ`, with the weight as Hugging Face stores it.
///
/// On the CPU each output element is one dot product whose order of additions depends on `d_in` alone: a
/// row's result has the same bits alone, in any batch, and with any number of threads. So generation and
/// training agree to the last bit.
///
/// # Shapes
/// - `x`: `[tokens, d_in]`
/// - `weight`: `[d_out, d_in]`
/// - output: `[tokens, d_out]`
///
/// # Gradients
/// Flow into both: `dx = g W`, `dW = gᵀ x`.
///
/// # Panics
/// When the inner dimensions differ.
pub fn linear(x: Tensor<2>, weight: Tensor<2>) -> Tensor<2> {
    assert_eq!(x.dims()[1], weight.dims()[1], "x and the weight need the same inner dimension");
    Tensor::from_dispatch(Dispatch::linear(x.into_dispatch(), weight.into_dispatch()))
}

/// [`linear`] for draws from the result, which is in `f32` on a GPU whatever the factors are in.
///
/// # Shapes
/// Those of [`linear`].
///
/// # Gradients
/// None: tensors on an autodiff tape are refused.
///
/// # Panics
/// When the inner dimensions differ.
pub fn logits(x: Tensor<2>, weight: Tensor<2>) -> Tensor<2> {
    assert_eq!(x.dims()[1], weight.dims()[1], "x and the weight need the same inner dimension");
    Tensor::from_dispatch(Dispatch::logits(x.into_dispatch(), weight.into_dispatch()))
}

/// [`linear`] by plain tensor operations.
pub fn reference(x: Tensor<2>, weight: Tensor<2>) -> Tensor<2> {
    x.matmul(weight.transpose())
}

/// The portable backward pass: gradients of the input and of the weight, those that are wanted.
pub(crate) fn backward(
    g: Tensor<2>,
    x: Tensor<2>,
    weight: Tensor<2>,
    wanted: [bool; 2],
) -> [Option<Tensor<2>>; 2] {
    let dx = wanted[0].then(|| g.clone().matmul(weight));
    [dx, wanted[1].then(|| g.transpose().matmul(x))]
}

#[cfg(all(test, feature = "flex"))]
mod tests {
    use super::*;
    use crate::kernels::check;

    #[test]
    fn kernel_equals_reference_with_gradients() {
        for (rows, d_in, d_out) in
            [(1, 1, 1), (3, 17, 5), (4, 16, 6), (9, 33, 13), (130, 64, 50), (1, 576, 97)]
        {
            check::agree(
                [rows, d_out],
                &[vec![rows, d_in], vec![d_out, d_in]],
                |t| linear(t[0].clone(), t[1].clone()),
                |t| reference(t[0].clone(), t[1].clone()),
            );
        }
    }

    #[test]
    fn a_rows_bits_do_not_depend_on_the_batch() {
        for (d_in, d_out) in [(100, 37), (576, 200)] {
            let (x, weight) = (check::random([300, d_in], 1), check::random([d_out, d_in], 2));
            let whole = linear(x.clone(), weight.clone());
            for (first, rows) in [(0, 1), (7, 2), (11, 3), (100, 17), (43, 150)] {
                let part = linear(x.clone().slice(first..first + rows), weight.clone());
                check::close(
                    &part.into_data(),
                    &whole.clone().slice(first..first + rows).into_data(),
                    0.0,
                    "rows",
                );
            }
        }
    }
}
