//! A matrix product.

use burn::module::{Module, Param};
use burn::tensor::Tensor;

use super::RmsNorm;
use crate::{Initial, Parameters, checkpoint::Part, kernels};

/// `y = x Wᵀ + b`, with the weight as Hugging Face stores it.
#[derive(Module, Debug)]
pub struct Linear {
    /// `[d_out, d_in]`
    pub weight: Param<Tensor<2>>,
    /// `[d_out]`, if there is one.
    pub bias: Option<Param<Tensor<1>>>,
}

impl Linear {
    /// The product whose rows are those of `parts`, each a linear layer of the checkpoint; without parts, of the layer
    /// that `parameters` stands at.
    pub fn build(
        mut parameters: Parameters<'_>,
        parts: Vec<Part>,
        [rows, columns]: [usize; 2],
        bias: bool,
        initial: Initial,
    ) -> Self {
        let parts_of = |kind: &str| -> Vec<Part> {
            if parts.is_empty() {
                return vec![Part::new(kind, rows)];
            }
            let named = |part: &Part| Part { name: format!("{}.{kind}", part.name), ..part.clone() };
            parts.iter().map(named).collect()
        };
        let weight = parameters.stack("weight", parts_of("weight"), [rows, columns], initial);
        let bias = bias.then(|| parameters.stack("bias", parts_of("bias"), [rows], Initial::ZERO));
        Self { weight, bias }
    }

    /// # Shapes
    /// - `x`: `[tokens, d_in]`
    /// - output: `[tokens, d_out]`
    pub fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        self.with_bias(kernels::linear(x, self.weight.val()))
    }

    /// The product with the normalised `x`, which is not kept for the backward pass; with `x` itself where there is no
    /// norm.
    ///
    /// # Shapes
    /// - `x`: `[tokens, d_in]`
    /// - output: `[tokens, d_out]`
    pub fn forward_normalized(&self, x: Tensor<2>, norm: Option<&RmsNorm>) -> Tensor<2> {
        match norm {
            Some(norm) => {
                self.with_bias(kernels::norm_linear(x, norm.scale(), norm.epsilon, self.weight.val()))
            }
            None => self.forward(x),
        }
    }

    /// A product with the weight, and the bias if there is one.
    pub(super) fn with_bias(&self, y: Tensor<2>) -> Tensor<2> {
        match &self.bias {
            Some(bias) => y + bias.val().unsqueeze(),
            None => y,
        }
    }
}
