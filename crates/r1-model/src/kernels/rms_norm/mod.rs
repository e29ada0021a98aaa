//! Root-mean-square normalisation.

#[cfg(feature = "flex")]
pub(crate) mod flex;

use burn::backend::Dispatch;
use burn::tensor::Tensor;

use super::differentiable::Differentiable;

/// Divides each row by its root mean square and scales each column.
///
/// ```text
/// y_tj = x_tj / sqrt(mean_j(x_tj²) + ε) · w_j
/// ```
///
/// # Shapes
/// - `x`: `[tokens, d_model]`
/// - `weight`: `[d_model]`
/// - output: `[tokens, d_model]`
///
/// # Gradients
/// Flow into `x` and `weight`. With `x̂ = x / rms`: `dx = (g·w − x̂ · mean(g·w·x̂)) / rms`,
/// `dw = Σ_t g·x̂`.
///
/// # Source
/// Zhang and Sennrich, "Root Mean Square Layer Normalization" (arXiv:1910.07467v1), eq. (4).
pub fn rms_norm(x: Tensor<2>, weight: Tensor<1>, epsilon: f64) -> Tensor<2> {
    Tensor::from_dispatch(Dispatch::rms_norm(x.into_dispatch(), weight.into_dispatch(), epsilon))
}

/// [`rms_norm`] by plain tensor operations.
pub fn reference(x: Tensor<2>, weight: Tensor<1>, epsilon: f64) -> Tensor<2> {
    let rms = x.clone().powi_scalar(2).mean_dim(1).add_scalar(epsilon).sqrt();
    x / rms * weight.unsqueeze()
}

/// The portable backward pass: gradients of the input and of the weight.
pub(crate) fn backward(
    g: Tensor<2>,
    x: Tensor<2>,
    weight: Tensor<1>,
    epsilon: f64,
) -> (Tensor<2>, Tensor<1>) {
    let rms = x.clone().powi_scalar(2).mean_dim(1).add_scalar(epsilon).sqrt();
    let normalized = x / rms.clone();
    let dweight = (g.clone() * normalized.clone()).sum_dim(0).squeeze_dim(0);
    let scaled = g * weight.unsqueeze();
    let along = (scaled.clone() * normalized.clone()).mean_dim(1);
    ((scaled - normalized * along) / rms, dweight)
}

#[cfg(all(test, feature = "flex"))]
mod tests {
    use super::*;
    use crate::kernels::check;

    #[test]
    fn kernel_equals_reference_with_gradients() {
        for [tokens, width] in [[1, 3], [3, 17], [130, 32], [1, 576]] {
            check::agree(
                [tokens, width],
                &[vec![tokens, width], vec![width]],
                |t| rms_norm(t[0].clone(), check::vector(&t[1]), 1e-5),
                |t| reference(t[0].clone(), check::vector(&t[1]), 1e-5),
            );
        }
    }
}
