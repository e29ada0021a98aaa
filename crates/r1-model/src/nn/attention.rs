//! Attention with its projections.

use std::sync::Arc;

use burn::module::Module;
use burn::tensor::Tensor;

use super::{Linear, RmsNorm};
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
    /// Norm of each query head (Qwen3), `[head_dim]`.
    pub query_norm: Option<RmsNorm>,
    /// Norm of each key head (Qwen3), `[head_dim]`.
    pub key_norm: Option<RmsNorm>,
    /// How the fused rows are divided.
    #[module(skip)]
    pub heads: Heads,
    /// Angles of all positions, shared by the layers.
    #[module(skip)]
    pub rotary: Arc<RotaryTable>,
}

impl Attention {
    /// `norm` is that in front of this layer; `layer` names the part of a cache that belongs to it.
    ///
    /// # Shapes
    /// - `x` and output: `[tokens, d_model]`
    pub fn forward(&self, x: Tensor<2>, norm: &RmsNorm, layer: usize, attend: Attend<'_>) -> Tensor<2> {
        let qkv = self.normalize_heads(self.qkv.forward_normalized(x, norm));
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

    /// Normalises the query heads and the key heads of a fused row, where the family does so.
    fn normalize_heads(&self, qkv: Tensor<2>) -> Tensor<2> {
        let (Some(query_norm), Some(key_norm)) = (&self.query_norm, &self.key_norm) else { return qkv };
        let Heads { heads, kv_heads, head_dim } = self.heads;
        let [tokens, width] = qkv.dims();
        let (keys, values) = (self.heads.query_width(), self.heads.query_width() + self.heads.kv_width());
        let normalize = |norm: &RmsNorm, first: usize, count: usize| {
            let part = qkv.clone().slice([0..tokens, first..first + count * head_dim]);
            norm.forward(part.reshape([tokens * count, head_dim])).reshape([tokens, count * head_dim])
        };
        let queries = normalize(query_norm, 0, heads);
        let normalized_keys = normalize(key_norm, keys, kv_heads);
        Tensor::cat(vec![queries, normalized_keys, qkv.clone().slice([0..tokens, values..width])], 1)
    }
}
