//! The norm in front of every layer.

use burn::module::{Module, Param};
use burn::tensor::Tensor;

use crate::kernels;

/// [`kernels::rms_norm()`] with its weight.
#[derive(Module, Debug)]
pub struct RmsNorm {
    /// `[d_model]`
    pub weight: Param<Tensor<1>>,
    /// Added to the mean square.
    #[module(skip)]
    pub epsilon: f64,
}

impl RmsNorm {
    /// # Shapes
    /// - `x` and output: `[tokens, d_model]`
    pub fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        kernels::rms_norm(x, self.weight.val(), self.epsilon)
    }
}
