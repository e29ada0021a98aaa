//! The portable body: one segment after the other, probabilities computed again in the backward pass from the saved
//! log-sum-exp, by the formulas of `flex_backward.rs`.

use std::ops::Range;

use burn::tensor::{Bool, Tensor};

use super::Heads;
use crate::packed_batch::{Segment, prefix_ranges};

/// Scores that exist at a time, unless one key head alone has more: 64 MiB of them in `f32`. So few in unit
/// tests that the key heads come in several ranges.
const SCORES: usize = if cfg!(test) { 1 << 12 } else { 1 << 24 };

/// From `[rows, heads · width]` to `[kv_heads, group · rows, width]`.
fn by_key_head(x: Tensor<2>, kv_heads: usize, group: usize) -> Tensor<3> {
    let [rows, columns] = x.dims();
    let width = columns / (kv_heads * group);
    x.reshape([rows, kv_heads, group, width]).permute([1, 2, 0, 3]).reshape([kv_heads, group * rows, width])
}

/// The inverse of [`by_key_head`].
fn by_row(x: Tensor<3>, group: usize) -> Tensor<2> {
    let [kv_heads, rows, width] = x.dims();
    let rows = rows / group;
    x.reshape([kv_heads, group, rows, width]).permute([2, 0, 1, 3]).reshape([rows, kv_heads * group * width])
}

/// One segment's queries with the keys and values they see.
struct Attention {
    /// `[kv_heads, group · queries, head_dim]`
    q: Tensor<3>,
    /// `[kv_heads, prefix and own tokens, head_dim]`
    k: Tensor<3>,
    /// Like `k`.
    v: Tensor<3>,
    /// `[1, queries, prefix and own tokens]`: zero for what a query sees.
    bias: Tensor<3>,
    heads: Heads,
}

impl Attention {
    fn gather(qkv: &Tensor<2>, heads: Heads, index: usize, segments: &[Segment]) -> Self {
        let (query_width, kv_width) = (heads.query_width(), heads.kv_width());
        let (own, prefix) = (&segments[index].range, filled_prefix(segments, index));
        let before = tokens(&prefix);
        let columns = |range: &Range<usize>, first: usize, width: usize| {
            qkv.clone().slice([range.clone(), first..first + width])
        };
        let seen = |first: usize| {
            let parts = prefix.iter().chain([own]).map(|range| columns(range, first, kv_width));
            by_key_head(Tensor::cat(parts.collect(), 0), heads.kv_heads, 1)
        };
        let shape = [own.len(), before + own.len()];
        let hidden = Tensor::<2, Bool>::tril_mask(shape, before as i64, &qkv.device());
        let mut bias = Tensor::<2>::zeros(shape, (&qkv.device(), qkv.dtype())).mask_fill(hidden, -1e30);
        if let Some(window) = heads.window {
            let past = Tensor::<2, Bool>::triu_mask(shape, before as i64 - window as i64 + 1, &qkv.device());
            bias = bias.mask_fill(past, -1e30);
        }
        Self {
            q: by_key_head(columns(own, 0, query_width), heads.kv_heads, heads.group()),
            k: seen(query_width),
            v: seen(query_width + kv_width),
            bias: bias.unsqueeze(),
            heads,
        }
    }

    /// Ranges of key heads whose scores are worked on together.
    fn head_ranges(&self) -> Vec<Range<usize>> {
        let ([kv_heads, rows, _], [_, keys, _]) = (self.q.dims(), self.k.dims());
        let step = (SCORES / (rows * keys)).clamp(1, kv_heads);
        (0..kv_heads).step_by(step).map(|first| first..kv_heads.min(first + step)).collect()
    }

    /// The scaled scores of some key heads, `[key heads, group · queries, keys]`; those of unseen keys are out of
    /// any softmax.
    fn scores(&self, heads: &Range<usize>) -> Tensor<3> {
        let [q, k] = [&self.q, &self.k].map(|x| x.clone().slice(heads.clone()));
        let scores = q.matmul(k.swap_dims(1, 2)).mul_scalar(self.heads.scale());
        let [count, rows, keys] = scores.dims();
        let group = self.heads.group();
        let scores = scores.reshape([count * group, rows / group, keys]) + self.bias.clone();
        scores.reshape([count, rows, keys])
    }
}

/// The prefixes of a segment that have tokens, from the root on.
fn filled_prefix(segments: &[Segment], index: usize) -> Vec<Range<usize>> {
    prefix_ranges(segments, index).into_iter().filter(|range| !range.is_empty()).collect()
}

fn tokens(ranges: &[Range<usize>]) -> usize {
    ranges.iter().map(Range::len).sum()
}

/// The output, and the log-sum-exp of each query's scores as `[tokens, heads]`.
pub(crate) fn forward(qkv: Tensor<2>, heads: Heads, segments: &[Segment]) -> (Tensor<2>, Tensor<2>) {
    let (mut outputs, mut lses) = (Vec::new(), Vec::new());
    for (index, _) in segments.iter().enumerate().filter(|(_, segment)| !segment.range.is_empty()) {
        let attention = Attention::gather(&qkv, heads, index, segments);
        let (mut output, mut lse) = (Vec::new(), Vec::new());
        for heads in attention.head_ranges() {
            let scores = attention.scores(&heads);
            let highest = scores.clone().max_dim(2);
            let shares = (scores - highest.clone()).exp();
            let total = shares.clone().sum_dim(2);
            output.push(shares.matmul(attention.v.clone().slice(heads)) / total.clone());
            lse.push(highest + total.log());
        }
        outputs.push(by_row(Tensor::cat(output, 0), heads.group()));
        lses.push(by_row(Tensor::cat(lse, 0), heads.group()));
    }
    if outputs.is_empty() {
        let zeros = |width| Tensor::zeros([0, width], (&qkv.device(), qkv.dtype()));
        return (zeros(heads.query_width()), zeros(heads.heads));
    }
    (Tensor::cat(outputs, 0), Tensor::cat(lses, 0))
}

/// The gradient of the fused rows.
pub(crate) fn backward(
    g: Tensor<2>,
    qkv: Tensor<2>,
    output: Tensor<2>,
    lse: Tensor<2>,
    heads: Heads,
    segments: &[Segment],
) -> Tensor<2> {
    let (mut dqueries, mut dkeys_values) = (vec![None; segments.len()], vec![None; segments.len()]);
    for (index, segment) in segments.iter().enumerate().filter(|(_, segment)| !segment.range.is_empty()) {
        let attention = Attention::gather(&qkv, heads, index, segments);
        let [g, output, lse] = [&g, &output, &lse]
            .map(|x| by_key_head(x.clone().slice(segment.range.clone()), heads.kv_heads, heads.group()));
        let projection = (g.clone() * output).sum_dim(2);
        let (mut dq, mut dk, mut dv) = (Vec::new(), Vec::new(), Vec::new());
        for range in attention.head_ranges() {
            let [g, q, k, v, lse, projection] =
                [&g, &attention.q, &attention.k, &attention.v, &lse, &projection]
                    .map(|x| x.clone().slice(range.clone()));
            let p = (attention.scores(&range) - lse).exp();
            dv.push(p.clone().swap_dims(1, 2).matmul(g.clone()));
            let dscores = p * (g.matmul(v.swap_dims(1, 2)) - projection).mul_scalar(heads.scale());
            dk.push(dscores.clone().swap_dims(1, 2).matmul(q));
            dq.push(dscores.matmul(k));
        }
        dqueries[index] = Some(by_row(Tensor::cat(dq, 0), heads.group()));
        let dkv = Tensor::cat([dk, dv].map(|x| by_row(Tensor::cat(x, 0), 1)).to_vec(), 1);
        let (mut first, mut place) = (0, segment.prefix);
        let mut before = Vec::new();
        while let Some(prefix) = place {
            before.push(prefix);
            place = segments[prefix].prefix;
        }
        for owner in before.into_iter().rev().chain([index]) {
            let rows = segments[owner].range.len();
            if rows > 0 {
                add(&mut dkeys_values[owner], dkv.clone().slice(first..first + rows));
            }
            first += rows;
        }
    }
    let rows = dqueries.into_iter().zip(dkeys_values).filter_map(|(dq, dkv)| Some(vec![dq?, dkv?]));
    let rows: Vec<Tensor<2>> = rows.map(|columns| Tensor::cat(columns, 1)).collect();
    if rows.is_empty() { Tensor::zeros_like(&qkv) } else { Tensor::cat(rows, 0) }
}

fn add(sum: &mut Option<Tensor<2>>, term: Tensor<2>) {
    *sum = Some(match sum.take() {
        Some(sum) => sum + term,
        None => term,
    });
}
