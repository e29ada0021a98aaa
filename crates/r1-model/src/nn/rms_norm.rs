//! The norm in front of or behind a layer.

use burn::module::{Module, Param};
use burn::tensor::Tensor;

use crate::{Initial, Parameters, kernels};

/// [`kernels::rms_norm()`] with its weight.
#[derive(Module, Debug)]
pub struct RmsNorm {
    /// `[d_model]`
    pub weight: Param<Tensor<1>>,
    /// Added to the mean square.
    #[module(skip)]
    pub epsilon: f64,
    /// Added to the weight: 1 in Gemma, whose weights are stored as differences from it, else 0.
    #[module(skip)]
    pub offset: f64,
}

impl RmsNorm {
    /// The norm whose weight is the parameter `weight`.
    pub fn build(mut parameters: Parameters<'_>, length: usize, epsilon: f64) -> Self {
        let weight = parameters.tensor("weight", "weight", [length], Initial::ONE);
        Self { weight, epsilon, offset: 0.0 }
    }

    /// The norm that multiplies with one more than the parameter `weight`.
    pub fn build_offset(mut parameters: Parameters<'_>, length: usize, epsilon: f64) -> Self {
        let weight = parameters.tensor("weight", "weight", [length], Initial::ZERO);
        Self { weight, epsilon, offset: 1.0 }
    }

    /// What normalised values are multiplied with, `[d_model]`.
    pub fn scale(&self) -> Tensor<1> {
        if self.offset == 0.0 { self.weight.val() } else { self.weight.val().add_scalar(self.offset) }
    }

    /// # Shapes
    /// - `x` and output: `[tokens, d_model]`
    pub fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        kernels::rms_norm(x, self.scale(), self.epsilon)
    }

    /// Normalises `heads` heads in a row, each by itself.
    ///
    /// # Shapes
    /// - `x` and output: `[tokens, heads · length]`
    pub(super) fn forward_heads(&self, x: Tensor<2>, heads: usize) -> Tensor<2> {
        let [tokens, width] = x.dims();
        self.forward(x.reshape([tokens * heads, width / heads])).reshape([tokens, width])
    }
}
