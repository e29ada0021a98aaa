//! Multi-head latent attention: keys and values of all heads come of one narrow row a token.

use std::sync::Arc;

use burn::module::Module;
use burn::tensor::Tensor;

use super::{Linear, RmsNorm};
use crate::{
    Initial, Parameters,
    causal_lm::Attend,
    checkpoint::Part,
    kernels::{self, Heads, RotaryTable},
};

/// Attention over heads whose keys have a part of their own and a rotated part that they share.
///
/// ```text
/// c = norm(W_a x)    [k_h, v_h] = W_b c    key of head h: [k_h, rotated(W_r x)]
/// ```
///
/// # Source
/// DeepSeek-V2 (arXiv:2405.04434v5), section 2.1.
#[derive(Module, Debug)]
pub struct LatentAttention {
    /// Queries by one product; absent where they go through a narrow row as well.
    pub query: Option<Linear>,
    /// The first product of the queries, its norm, and the second.
    pub query_down: Option<Linear>,
    /// See [`query_down`](Self::query_down).
    pub query_norm: Option<RmsNorm>,
    /// See [`query_down`](Self::query_down).
    pub query_up: Option<Linear>,
    /// `[latent + rotated, d_model]`
    pub down: Linear,
    /// Norm of the narrow row.
    pub norm: RmsNorm,
    /// `[heads · (still + value), latent]`
    pub up: Linear,
    /// `[d_model, heads · value]`
    pub output: Linear,
    /// Widths.
    #[module(skip)]
    pub shape: LatentShape,
    /// Angles of all positions.
    #[module(skip)]
    pub rotary: Arc<RotaryTable>,
}

/// The widths of a [`LatentAttention`] layer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LatentShape {
    /// Width of the residual stream.
    pub d_model: usize,
    /// Heads as the kernels see them: as wide as a key, each with a key of its own.
    pub heads: Heads,
    /// Width of the queries' narrow row, if there is one.
    pub query_latent: Option<usize>,
    /// Width of the narrow row of keys and values.
    pub latent: usize,
    /// Dimensions of a key that are not rotated.
    pub still: usize,
    /// Dimensions of a key that are.
    pub rotated: usize,
    /// Dimensions of a value, at most as many as of a key.
    pub value: usize,
    /// Whether the products from the residual stream and back to it have biases.
    pub bias: bool,
    /// Whether a rotated pair are neighbours in the checkpoint.
    pub interleaved: bool,
    /// What the output matrix begins with.
    pub initial_output: Initial,
}

/// Epsilon of the two norms, which no config changes.
const EPSILON: f64 = 1e-6;

impl LatentShape {
    /// Rows of a tensor that holds `count` stretches of `still` rows and then the rotated ones.
    fn order(&self, count: usize, still: usize) -> Option<Arc<[usize]>> {
        if !self.interleaved {
            return None;
        }
        let (rotated, width) = (self.rotated, still + self.rotated);
        let neighbours = move |i: usize| if i < rotated / 2 { 2 * i } else { 2 * (i - rotated / 2) + 1 };
        let stretch = move |first: usize| {
            (first..first + still).chain((0..rotated).map(move |i| first + still + neighbours(i)))
        };
        Some((0..count).flat_map(|n| stretch(n * width)).collect())
    }
}

impl LatentAttention {
    /// Its products with weights.
    pub(crate) fn linears_mut(&mut self) -> Vec<&mut Linear> {
        let queries = [&mut self.query, &mut self.query_down, &mut self.query_up].into_iter().flatten();
        queries.chain([&mut self.down, &mut self.up, &mut self.output]).collect()
    }

    /// The layer with Hugging Face's names.
    pub fn build(mut at: Parameters<'_>, shape: LatentShape, rotary: Arc<RotaryTable>) -> Self {
        let LatentShape { d_model, heads, latent, still, rotated, value, bias, .. } = shape;
        let (count, queries) = (heads.heads, heads.query_width());
        let mut linear = |path: &str, name: &str, order, shape: [usize; 2], bias, initial| {
            let parts = vec![Part::new(name, shape[0]).with_order(order)];
            Linear::build(at.at(path, ""), parts, shape, bias, initial)
        };
        let weight = Initial::WEIGHT;
        let query_order = shape.order(count, still);
        let (query, query_down, query_up) = match shape.query_latent {
            None => {
                (Some(linear("query", "q_proj", query_order, [queries, d_model], false, weight)), None, None)
            }
            Some(narrow) => (
                None,
                Some(linear("query_down", "q_a_proj", None, [narrow, d_model], bias, weight)),
                Some(linear("query_up", "q_b_proj", query_order, [queries, narrow], false, weight)),
            ),
        };
        let down_order = shape.order(1, latent);
        let down =
            linear("down", "kv_a_proj_with_mqa", down_order, [latent + rotated, d_model], bias, weight);
        let up = linear("up", "kv_b_proj", None, [count * (still + value), latent], false, weight);
        let initial = shape.initial_output;
        let output = linear("output", "o_proj", None, [d_model, count * value], bias, initial);
        let mut norm = |path: &str, name: &str, width| RmsNorm::build(at.at(path, name), width, EPSILON);
        let query_norm = shape.query_latent.map(|narrow| norm("query_norm", "q_a_layernorm", narrow));
        let norm = norm("norm", "kv_a_layernorm", latent);
        Self { query, query_down, query_norm, query_up, down, norm, up, output, shape, rotary }
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
        let LatentShape { heads, latent, still, rotated, value, .. } = self.shape;
        let (tokens, count, width) = (x.dims()[0], heads.heads, heads.head_dim);
        let positions = attend.positions().clone();
        let x = match norm {
            Some(norm) => norm.forward(x),
            None => x,
        };
        let queries = match (&self.query, &self.query_down, &self.query_up) {
            (Some(query), ..) => query.forward(x.clone()),
            (None, Some(down), Some(up)) => {
                up.forward_normalized(down.forward(x.clone()), self.query_norm.as_ref())
            }
            _ => unreachable!("queries come by one product or by two"),
        };
        let queries = queries.reshape([tokens, count, width]);
        let turned = queries.clone().slice([0..tokens, 0..count, still..width]);
        let turned =
            kernels::rotary(turned.reshape([tokens, count * rotated]), &self.rotary, &positions, count);
        let queries = Tensor::cat(
            vec![queries.slice([0..tokens, 0..count, 0..still]), turned.reshape([tokens, count, rotated])],
            2,
        );
        let narrow = self.down.forward(x);
        let shared = narrow.clone().slice([0..tokens, latent..latent + rotated]);
        let shared = kernels::rotary(shared, &self.rotary, &positions, 1);
        let shared = shared.reshape([tokens, 1, rotated]).expand([tokens, count, rotated]);
        let wide = self.up.forward_normalized(narrow.slice([0..tokens, 0..latent]), Some(&self.norm));
        let wide = wide.reshape([tokens, count, still + value]);
        let keys = Tensor::cat(vec![wide.clone().slice([0..tokens, 0..count, 0..still]), shared], 2);
        let mut values = wide.slice([0..tokens, 0..count, still..still + value]);
        if value < width {
            // As wide as the keys, with zeros that are cut off again.
            let zeros = Tensor::zeros([tokens, count, width - value], (&values.device(), values.dtype()));
            values = Tensor::cat(vec![values, zeros], 2);
        }
        let rows = [queries, keys, values].map(|part| part.reshape([tokens, count * width]));
        let mixed = attend.rotated(layer, Tensor::cat(rows.to_vec(), 1), heads, None);
        let mixed = mixed.reshape([tokens, count, width]).slice([0..tokens, 0..count, 0..value]);
        self.output.forward(mixed.reshape([tokens, count * value]))
    }
}
