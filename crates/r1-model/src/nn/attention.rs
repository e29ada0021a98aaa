//! Attention with its projections.

use std::sync::Arc;

use burn::module::Module;
use burn::tensor::Tensor;

use super::{Linear, RmsNorm};
use crate::{
    Initial, Parameters,
    causal_lm::Attend,
    checkpoint::Part,
    kernels::{Heads, RotaryTable},
};

/// Fused projection, rotary embedding, causal attention, output projection.
#[derive(Module, Debug)]
pub struct Attention {
    /// `[(heads + 2 · kv_heads) · head_dim, d_model]`: queries, keys, values.
    pub qkv: Linear,
    /// `[d_model, heads · head_dim]`
    pub output: Linear,
    /// Norm of the queries, `[head_dim]` for each head by itself (Qwen3) or `[heads · head_dim]` (OLMo 2).
    pub query_norm: Option<RmsNorm>,
    /// Norm of the keys, likewise.
    pub key_norm: Option<RmsNorm>,
    /// How the fused rows are divided.
    #[module(skip)]
    pub heads: Heads,
    /// Angles of all positions, shared by the layers; `None` where positions are not told.
    #[module(skip)]
    pub rotary: Option<Arc<RotaryTable>>,
}

/// What of queries and keys is normalised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeadNorm {
    /// Nothing.
    None,
    /// Each head by itself.
    Heads,
    /// Each head by itself, with weights stored as differences from 1.
    OffsetHeads,
    /// All heads together.
    Whole,
}

/// The shape of an [`Attention`] layer and how it is stored.
#[derive(Debug, Clone)]
pub struct AttentionShape {
    /// Width of the residual stream.
    pub d_model: usize,
    /// How the fused rows are divided.
    pub heads: Heads,
    /// Whether queries, keys and values have biases.
    pub bias: bool,
    /// Whether the output has one.
    pub output_bias: bool,
    /// What of queries and keys is normalised.
    pub head_norm: HeadNorm,
    /// Epsilon of these norms.
    pub epsilon: f64,
    /// Whether the three projections are one tensor, `qkv_proj`, in the checkpoint.
    pub fused: bool,
    /// Where the dimensions of a query or key head stand in the checkpoint, see [`Rope::order`](crate::Rope::order).
    pub order: Option<Vec<usize>>,
    /// What the output matrix begins with.
    pub output: Initial,
}

impl Attention {
    /// The layer with Hugging Face's names: `q_proj`, `k_proj`, `v_proj`, `o_proj`, `q_norm` and `k_norm`.
    pub fn build(
        mut parameters: Parameters<'_>,
        shape: &AttentionShape,
        rotary: Option<Arc<RotaryTable>>,
    ) -> Self {
        let (heads, d_model) = (shape.heads, shape.d_model);
        let (query, kv) = (heads.query_width(), heads.kv_width());
        // Rows of a tensor that holds some heads which are rotated, then rows that are not.
        let order = |rotated: usize, still: usize| -> Option<Arc<[usize]>> {
            let order = shape.order.as_ref()?;
            let rows = (0..rotated).flat_map(|head| order.iter().map(move |i| head * heads.head_dim + i));
            let first = rotated * heads.head_dim;
            Some(rows.chain(first..first + still).collect())
        };
        let parts = match shape.fused {
            true => {
                let order = order(heads.heads + heads.kv_heads, kv);
                vec![Part::new("qkv_proj", heads.fused_width()).with_order(order)]
            }
            false => vec![
                Part::new("q_proj", query).with_order(order(heads.heads, 0)),
                Part::new("k_proj", kv).with_order(order(heads.kv_heads, 0)),
                Part::new("v_proj", kv),
            ],
        };
        let mut norm = |path: &str, name: &str, width: usize| match shape.head_norm {
            HeadNorm::None => None,
            HeadNorm::Heads => Some(RmsNorm::build(parameters.at(path, name), heads.head_dim, shape.epsilon)),
            HeadNorm::OffsetHeads => {
                Some(RmsNorm::build_offset(parameters.at(path, name), heads.head_dim, shape.epsilon))
            }
            HeadNorm::Whole => Some(RmsNorm::build(parameters.at(path, name), width, shape.epsilon)),
        };
        let query_norm = norm("query_norm", "q_norm", query);
        let key_norm = norm("key_norm", "k_norm", kv);
        let fused = [heads.fused_width(), d_model];
        Self {
            qkv: Linear::build(parameters.at("qkv", ""), parts, fused, shape.bias, Initial::WEIGHT),
            output: Linear::build(
                parameters.at("output", "o_proj"),
                vec![],
                [d_model, query],
                shape.output_bias,
                shape.output,
            ),
            query_norm,
            key_norm,
            heads,
            rotary,
        }
    }

    /// `norm` is that in front of this layer, if there is one; `layer` names the part of a cache that belongs to it.
    ///
    /// # Shapes
    /// - `x` and output: `[tokens, d_model]`
    pub fn forward(
        &self,
        x: Tensor<2>,
        norm: Option<&RmsNorm>,
        layer: usize,
        attend: Attend<'_>,
    ) -> Tensor<2> {
        let qkv = self.normalize_heads(self.qkv.forward_normalized(x, norm));
        let mixed = attend.rotated(layer, qkv, self.heads, self.rotary.as_ref());
        self.output.forward(mixed)
    }

    /// Normalises the queries and the keys of a fused row, where the family does so.
    fn normalize_heads(&self, qkv: Tensor<2>) -> Tensor<2> {
        let (Some(query_norm), Some(key_norm)) = (&self.query_norm, &self.key_norm) else { return qkv };
        let Heads { heads, kv_heads, .. } = self.heads;
        let [tokens, width] = qkv.dims();
        let (keys, values) = (self.heads.query_width(), self.heads.query_width() + self.heads.kv_width());
        let normalize = |norm: &RmsNorm, columns: std::ops::Range<usize>, count: usize| {
            let whole = norm.weight.dims()[0] == columns.len();
            norm.forward_heads(qkv.clone().slice([0..tokens, columns]), if whole { 1 } else { count })
        };
        let queries = normalize(query_norm, 0..keys, heads);
        let normalized_keys = normalize(key_norm, keys..values, kv_heads);
        Tensor::cat(vec![queries, normalized_keys, qkv.clone().slice([0..tokens, values..width])], 1)
    }
}
