//! One block of the stack.

use burn::module::Module;
use burn::tensor::Tensor;

use super::{Attention, Mlp, RmsNorm};
use crate::causal_lm::Attend;

/// `x += attention(norm(x)); x += mlp(norm(x))`.
#[derive(Module, Debug)]
pub struct Block {
    /// Norm before attention.
    pub attention_norm: RmsNorm,
    /// Attention.
    pub attention: Attention,
    /// Norm before the feed-forward layer.
    pub mlp_norm: RmsNorm,
    /// Feed-forward layer.
    pub mlp: Mlp,
}

impl Block {
    /// `layer` names the part of a cache that belongs to this block.
    ///
    /// # Shapes
    /// - `x` and output: `[tokens, d_model]`
    pub fn forward(&self, x: Tensor<2>, layer: usize, attend: Attend<'_>) -> Tensor<2> {
        let x = x.clone() + self.attention.forward(x, &self.attention_norm, layer, attend);
        x.clone() + self.mlp.forward(x, &self.mlp_norm)
    }
}
