//! A matrix product.

use burn::module::{Module, Param};
use burn::tensor::Tensor;

/// `y = x Wᵀ`, with the weight as Hugging Face stores it.
#[derive(Module, Debug)]
pub struct Linear {
    /// `[d_out, d_in]`
    pub weight: Param<Tensor<2>>,
}

impl Linear {
    /// # Shapes
    /// - `x`: `[tokens, d_in]`
    /// - output: `[tokens, d_out]`
    pub fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        x.matmul(self.weight.val().transpose())
    }
}
