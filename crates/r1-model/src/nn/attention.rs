//! Attention with its projections.

use std::sync::Arc;

use burn::module::Module;
use burn::tensor::Tensor;

use super::Linear;
use crate::{
    causal_lm::Attend,
    kernels::{self, Heads, RotaryTable},
};

/// Fused projection, rotary embedding, causal attention, output projection.
#[derive(Module, Debug)]
pub struct Attention {
    /// `[(heads + 2 · kv_heads) · head_dim, d_model]`: queries, keys, values.
    pub qkv: Linear,
    /// `[d_model, heads · head_dim]`
    pub output: Linear,
    /// How the fused rows are divided.
    #[module(skip)]
    pub heads: Heads,
    /// Angles of all positions, shared by the layers.
    #[module(skip)]
    pub rotary: Arc<RotaryTable>,
}

impl Attention {
    /// `layer` names the part of a cache that belongs to this layer.
    ///
    /// # Shapes
    /// - `x` and output: `[tokens, d_model]`
    pub fn forward(&self, x: Tensor<2>, layer: usize, attend: Attend<'_>) -> Tensor<2> {
        let qkv = self.qkv.forward(x);
        let rotated = self.heads.heads + self.heads.kv_heads;
        let mixed = match attend {
            Attend::Packed(layout) => {
                let qkv = kernels::rotary(qkv, &self.rotary, &layout.positions, rotated);
                kernels::causal_attention(qkv, self.heads, &layout.segments)
            }
            Attend::Cached(cache) => {
                let qkv = kernels::rotary(qkv, &self.rotary, cache.positions(), rotated);
                cache.attend(layer, qkv)
            }
        };
        self.output.forward(mixed)
    }
}
