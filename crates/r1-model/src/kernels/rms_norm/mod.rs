//! Root-mean-square normalisation.

#[cfg(feature = "flex")]
pub(crate) mod flex;

use burn::tensor::Tensor;

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
    #[cfg(feature = "flex")]
    if super::flex::applies(&x) {
        use super::differentiable::Differentiable;
        let (x, weight) = (x.into_dispatch(), weight.into_dispatch());
        return Tensor::from_dispatch(burn::backend::Dispatch::rms_norm(x, weight, epsilon as f32));
    }
    reference(x, weight, epsilon)
}

/// [`rms_norm`] by plain tensor operations.
pub fn reference(x: Tensor<2>, weight: Tensor<1>, epsilon: f64) -> Tensor<2> {
    let rms = x.clone().powi_scalar(2).mean_dim(1).add_scalar(epsilon).sqrt();
    x / rms * weight.unsqueeze()
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
