//! Causal attention over packed sequences.

pub(crate) mod portable;
#[cfg(feature = "flex")]
pub(crate) mod flex;
#[cfg(feature = "flex")]
pub(crate) mod flex_backward;
#[cfg(feature = "flex")]
pub(crate) mod softmax;

use std::sync::Arc;

use burn::backend::Dispatch;
use burn::tensor::{Tensor, TensorData, activation::softmax};

use super::differentiable::Differentiable;
use crate::packed_batch::{Segment, prefix_ranges};

/// How the columns of a fused query-key-value row are divided.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Heads {
    /// Query heads.
    pub heads: usize,
    /// Key and value heads; each serves `heads / kv_heads` query heads in a row.
    pub kv_heads: usize,
    /// Dimensions of one head.
    pub head_dim: usize,
    /// How many tokens a token sees, itself included; all where it is `None`.
    pub window: Option<usize>,
    /// What the scores are multiplied with instead of `1 / sqrt(head_dim)`.
    pub multiplier: Option<f32>,
}

impl Heads {
    /// Heads that see all tokens before theirs.
    pub const fn new(heads: usize, kv_heads: usize, head_dim: usize) -> Self {
        Self { heads, kv_heads, head_dim, window: None, multiplier: None }
    }

    /// Heads that see the last `window` tokens only.
    pub fn with_window(self, window: Option<usize>) -> Self {
        Self { window, ..self }
    }

    /// Heads whose scores are multiplied with this.
    pub fn with_scale(self, scale: f32) -> Self {
        Self { multiplier: Some(scale), ..self }
    }

    /// Keys before the first that is seen, where `visible` are there.
    pub(crate) fn unseen(&self, visible: usize) -> usize {
        self.window.map_or(0, |window| visible.saturating_sub(window))
    }

    /// Columns of the queries, and of the output.
    pub fn query_width(&self) -> usize {
        self.heads * self.head_dim
    }

    /// Columns of the keys, and of the values.
    pub fn kv_width(&self) -> usize {
        self.kv_heads * self.head_dim
    }

    /// Columns of a fused row: queries, keys, values.
    pub fn fused_width(&self) -> usize {
        self.query_width() + 2 * self.kv_width()
    }

    /// Query heads that share one key head.
    pub fn group(&self) -> usize {
        self.heads / self.kv_heads
    }

    /// What the scores are multiplied with: `1 / sqrt(head_dim)` unless said otherwise.
    pub fn scale(&self) -> f32 {
        self.multiplier.unwrap_or_else(|| 1.0 / (self.head_dim as f32).sqrt())
    }
}

/// Each token attends to the whole of the segments before its own and to its own segment up to itself.
///
/// ```text
/// o_t = Σ_s softmax_s(q_t · k_s / sqrt(head_dim)) v_s        s ∈ prefixes ∪ {own segment, s ≤ t}
/// ```
///
/// # Shapes
/// - `qkv`: `[tokens, (heads + 2 · kv_heads) · head_dim]`, queries then keys then values
/// - output: `[tokens, heads · head_dim]`
///
/// # Gradients
/// Flow into `qkv`; those of a shared prefix add over its segments in index order. Saved are `qkv`,
/// the output and one log-sum-exp per query and head; the probabilities are computed again.
///
/// # Panics
/// When the segments do not tile the rows, or the widths do not fit `heads`.
///
/// # Source
/// Blockwise softmax: Dao et al., "FlashAttention" (arXiv:2205.14135v2), section 3.1; grouped
/// queries: Ainslie et al., "GQA" (arXiv:2305.13245v3).
pub fn causal_attention(qkv: Tensor<2>, heads: Heads, segments: &Arc<[Segment]>) -> Tensor<2> {
    let [tokens, width] = qkv.dims();
    assert_eq!(width, heads.fused_width(), "the fused row does not fit {heads:?}");
    assert!(heads.heads.is_multiple_of(heads.kv_heads), "{heads:?}: query heads must share key heads evenly");
    let mut end = 0;
    for segment in segments.iter() {
        assert_eq!(segment.range.start, end, "segments must tile the batch");
        end = segment.range.end;
    }
    assert_eq!(end, tokens, "segments must tile the batch");
    Tensor::from_dispatch(Dispatch::causal_attention(qkv.into_dispatch(), heads, segments.clone()))
}

/// [`causal_attention`] by plain tensor operations, one segment after the other.
pub fn reference(qkv: Tensor<2>, heads: Heads, segments: &[Segment]) -> Tensor<2> {
    let (device, dtype) = (qkv.device(), qkv.dtype());
    let Heads { heads: count, kv_heads, head_dim, .. } = heads;
    let (query_width, kv_width) = (heads.query_width(), heads.kv_width());
    let columns = |range: &std::ops::Range<usize>, first: usize, width: usize| {
        qkv.clone().slice([range.clone(), first..first + width])
    };
    let mut outputs = Vec::new();
    for (index, segment) in segments.iter().enumerate() {
        let own = &segment.range;
        if own.is_empty() {
            continue;
        }
        let prefix = prefix_ranges(segments, index);
        let (queries, before) = (own.len(), prefix.iter().map(|range| range.len()).sum::<usize>());
        let keys = before + queries;
        // [kv_heads, keys, head_dim]
        let gather = |first: usize| {
            let filled = prefix.iter().filter(|range| !range.is_empty());
            let mut parts: Vec<Tensor<2>> = filled.map(|range| columns(range, first, kv_width)).collect();
            parts.push(columns(own, first, kv_width));
            Tensor::cat(parts, 0).reshape([keys, kv_heads, head_dim]).swap_dims(0, 1)
        };
        let (k, v) = (gather(query_width), gather(query_width + kv_width));
        // [kv_heads, group · queries, head_dim]
        let q = columns(own, 0, query_width)
            .reshape([queries, kv_heads, heads.group(), head_dim])
            .permute([1, 2, 0, 3])
            .reshape([kv_heads, heads.group() * queries, head_dim]);
        let mask: Vec<f32> = (0..heads.group() * queries)
            .flat_map(|row| {
                let visible = before + row % queries + 1;
                let seen = heads.unseen(visible)..visible;
                (0..keys).map(move |key| if seen.contains(&key) { 0.0 } else { -1e30 })
            })
            .collect();
        let mask = Tensor::<3>::from_data(
            TensorData::new(mask, [1, heads.group() * queries, keys]),
            (&device, dtype),
        );
        let scores = q.matmul(k.swap_dims(1, 2)).mul_scalar(heads.scale()) + mask;
        let output = softmax(scores, 2)
            .matmul(v)
            .reshape([kv_heads, heads.group(), queries, head_dim])
            .permute([2, 0, 1, 3])
            .reshape([queries, count * head_dim]);
        outputs.push(output);
    }
    if outputs.is_empty() {
        return Tensor::zeros([0, query_width], (&device, dtype));
    }
    Tensor::cat(outputs, 0)
}

#[cfg(all(test, feature = "flex"))]
mod tests {
    use super::*;
    use crate::{PackedBatch, kernels::check};

    fn batch(lengths: &[(usize, Option<usize>)]) -> Arc<[Segment]> {
        let mut batch = PackedBatch::new();
        for (length, prefix) in lengths {
            batch.push(&vec![0; *length], *prefix);
        }
        batch.layout().segments
    }

    #[test]
    fn kernel_equals_reference_with_gradients() {
        let shapes = [
            Heads::new(1, 1, 2),
            Heads::new(4, 2, 8),
            Heads::new(6, 1, 10),
            Heads::new(4, 2, 8).with_window(Some(3)).with_scale(0.5),
        ];
        let layouts = [
            vec![(1, None)],
            vec![(5, None), (0, None), (1, None), (70, None)],
            vec![(9, None), (3, Some(0)), (0, Some(0)), (40, Some(0)), (1, None), (2, Some(4))],
            // Dialogues: a prompt, turns of several lengths, one of them empty, and two branches of a branch.
            vec![
                (7, None),
                (3, Some(0)),
                (0, Some(1)),
                (34, Some(2)),
                (5, Some(1)),
                (2, Some(3)),
                (4, Some(0)),
            ],
        ];
        for heads in shapes {
            for layout in &layouts {
                let segments = batch(layout);
                let tokens = layout.iter().map(|(length, _)| length).sum();
                check::agree(
                    [tokens, heads.query_width()],
                    &[vec![tokens, heads.fused_width()]],
                    |t| causal_attention(t[0].clone(), heads, &segments),
                    |t| reference(t[0].clone(), heads, &segments),
                );
            }
        }
    }

    #[test]
    fn a_shared_prefix_equals_separate_copies() {
        let heads = Heads::new(4, 2, 4);
        let qkv = check::random([11, heads.fused_width()], 1);
        let shared = causal_attention(qkv.clone(), heads, &batch(&[(4, None), (3, Some(0)), (4, Some(0))]));
        for (range, length) in [(4..7, 3), (7..11, 4)] {
            let rows = Tensor::cat(vec![qkv.clone().slice(0..4), qkv.clone().slice(range.clone())], 0);
            let alone = causal_attention(rows, heads, &batch(&[(4 + length, None)]));
            check::close(
                &shared.clone().slice(range).into_data(),
                &alone.slice(4..4 + length).into_data(),
                1e-6,
                "completion",
            );
        }
    }

    #[test]
    #[should_panic(expected = "tile the batch")]
    fn segments_that_leave_rows_out_are_refused() {
        let heads = Heads::new(1, 1, 2);
        causal_attention(check::random([3, 6], 0), heads, &batch(&[(2, None)]));
    }
}
