//! A matrix product.

use burn::module::{Module, Param};
use burn::tensor::Tensor;

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
        let y = kernels::linear(x, self.weight.val());
        match &self.bias {
            Some(bias) => y + bias.val().unsqueeze(),
            None => y,
        }
    }
}
