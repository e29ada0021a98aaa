//! A matrix product.

use burn::module::{Module, Param};
use burn::tensor::Tensor;

use super::RmsNorm;
use crate::kernels;

/// `y = x Wᵀ + b`, with the weight as Hugging Face stores it.
#[derive(Module, Debug)]
pub struct Linear {
    /// `[d_out, d_in]`
    pub weight: Param<Tensor<2>>,
    /// `[d_out]`, if there is one.
    pub bias: Option<Param<Tensor<1>>>,
}

impl Linear {
    /// # Shapes
    /// - `x`: `[tokens, d_in]`
    /// - output: `[tokens, d_out]`
    pub fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        self.with_bias(kernels::linear(x, self.weight.val()))
    }

    /// The product with the normalised `x`, which is not kept for the backward pass.
    ///
    /// # Shapes
    /// - `x`: `[tokens, d_in]`
    /// - output: `[tokens, d_out]`
    pub fn forward_normalized(&self, x: Tensor<2>, norm: &RmsNorm) -> Tensor<2> {
        self.with_bias(kernels::norm_linear(x, norm.weight.val(), norm.epsilon, self.weight.val()))
    }

    /// A product with the weight, and the bias if there is one.
    pub(super) fn with_bias(&self, y: Tensor<2>) -> Tensor<2> {
        match &self.bias {
            Some(bias) => y + bias.val().unsqueeze(),
            None => y,
        }
    }
}
