//! The gated activation of the feed-forward layer.

#[cfg(feature = "flex")]
pub(crate) mod flex;

use burn::backend::Dispatch;
use burn::tensor::{
    Tensor,
    activation::{sigmoid, silu},
};

use super::differentiable::Differentiable;

/// `silu(gate) · up`, with the two side by side in one input.
///
/// ```text
/// y = a · σ(a) · b        where a = x[:, ..d_ff], b = x[:, d_ff..]
/// ```
///
/// # Shapes
/// - `gate_up`: `[tokens, 2 · d_ff]`
/// - output: `[tokens, d_ff]`
///
/// # Gradients
/// Flow into both halves: `da = g b σ(a) (1 + a (1 − σ(a)))`, `db = g a σ(a)`.
///
/// # Panics
/// When the width is odd.
///
/// # Source
/// Shazeer, "GLU Variants Improve Transformer" (arXiv:2002.05202v1), eq. (6).
pub fn swiglu(gate_up: Tensor<2>) -> Tensor<2> {
    assert!(gate_up.dims()[1].is_multiple_of(2), "gate and up need the same width");
    Tensor::from_dispatch(Dispatch::swiglu(gate_up.into_dispatch()))
}

/// [`swiglu`] by plain tensor operations.
pub fn reference(gate_up: Tensor<2>) -> Tensor<2> {
    let [gate, up] = halves(gate_up);
    silu(gate) * up
}

fn halves(gate_up: Tensor<2>) -> [Tensor<2>; 2] {
    let [tokens, width] = gate_up.dims();
    [0..width / 2, width / 2..width].map(|columns| gate_up.clone().slice([0..tokens, columns]))
}

/// The portable backward pass.
pub(crate) fn backward(g: Tensor<2>, gate_up: Tensor<2>) -> Tensor<2> {
    let [gate, up] = halves(gate_up);
    let share = sigmoid(gate.clone());
    let slope = (gate.clone() * share.clone().neg().add_scalar(1.0)).add_scalar(1.0) * share.clone();
    Tensor::cat(vec![g.clone() * up * slope, g * gate * share], 1)
}

#[cfg(all(test, feature = "flex"))]
mod tests {
    use super::*;
    use crate::kernels::check;

    #[test]
    fn kernel_equals_reference_with_gradients() {
        for [tokens, width] in [[1, 2], [7, 34], [100, 64]] {
            let shape = [tokens, width / 2];
            check::agree(
                shape,
                &[vec![tokens, width]],
                |t| swiglu(t[0].clone()),
                |t| reference(t[0].clone()),
            );
        }
    }
}
