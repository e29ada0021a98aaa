//! The CPU kernel: a task per segment and key head, blocks of queries, exact softmax per row.

use std::ops::Range;

use burn_flex::FlexTensor;
use rayon::prelude::*;

use super::{
    Heads,
    softmax::{LANES, Normalizer, exponentials, leave_behind, normalize},
};
use crate::{
    kernels::{
        flex::{contiguous, dims2, filled, slice, tensor},
        matmul_add::{View, matmul_add},
    },
    packed_batch::{Segment, prefix_ranges},
};

/// Queries that are scored together.
pub(super) const BLOCK: usize = 32;

/// A matrix that several tasks write, each to elements of its own.
pub(crate) struct Shared(*mut f32);

// SAFETY: the tasks write disjoint elements, see `copy_rows`.
unsafe impl Sync for Shared {}

impl Shared {
    pub(crate) fn new(elements: *mut f32) -> Self {
        Self(elements)
    }

    /// Copies `source`, rows of `width`, to rows `stride` apart from `first` on.
    ///
    /// # Safety
    /// The elements lie inside the matrix and no other task touches them.
    pub(crate) unsafe fn copy_rows(&self, first: usize, stride: usize, source: &[f32], width: usize) {
        for (row, values) in source.chunks_exact(width).enumerate() {
            unsafe {
                std::ptr::copy_nonoverlapping(values.as_ptr(), self.0.add(first + row * stride), width)
            };
        }
    }
}

/// The keys and values one task works with: those of the prefixes, then the segment's own.
pub(super) struct KeysValues {
    /// `[length, head_dim]`
    pub(super) keys: Vec<f32>,
    /// `[length, head_dim]`
    pub(super) values: Vec<f32>,
    /// Tokens of the prefixes.
    pub(super) before: usize,
    /// All keys.
    pub(super) length: usize,
}

impl KeysValues {
    pub(super) fn gather(
        qkv: &[f32],
        heads: Heads,
        kv_head: usize,
        index: usize,
        segments: &[Segment],
    ) -> Self {
        let width = heads.fused_width();
        let (prefix, own) = (prefix_ranges(segments, index), segments[index].range.clone());
        let before: usize = prefix.iter().map(Range::len).sum();
        let length = before + own.len();
        let d = heads.head_dim;
        let (mut keys, mut values) = (Vec::with_capacity(d * length), Vec::with_capacity(d * length));
        for token in prefix.into_iter().flatten().chain(own) {
            let row = &qkv[token * width + heads.query_width() + kv_head * d..];
            keys.extend_from_slice(&row[..d]);
            values.extend_from_slice(&row[heads.kv_width()..heads.kv_width() + d]);
        }
        Self { keys, values, before, length }
    }
}

/// The transpose of a `[length, columns]` matrix.
pub(super) struct Transposed {
    data: Vec<f32>,
    stride: usize,
}

impl Transposed {
    pub(super) fn new(matrix: &[f32], columns: usize) -> Self {
        const LINE: usize = 16;
        // An odd number of cache lines from row to row, so that a column does not crowd into a few sets of the cache.
        let stride = ((matrix.len() / columns).div_ceil(LINE) | 1) * LINE;
        let mut data = vec![0.0; columns * stride];
        for (index, rows) in matrix.chunks(LINE * columns).enumerate() {
            for column in 0..columns {
                let place = column * stride + index * LINE;
                for (element, row) in data[place..].iter_mut().zip(rows.chunks_exact(columns)) {
                    *element = row[column];
                }
            }
        }
        Self { data, stride }
    }

    pub(super) fn view(&self) -> View<'_> {
        View { data: &self.data, row: self.stride, column: 1 }
    }
}

/// The tasks of a batch: every non-empty segment with every key head.
pub(super) fn tasks(segments: &[Segment], heads: Heads) -> Vec<(usize, usize)> {
    let filled = segments.iter().enumerate().filter(|(_, segment)| !segment.range.is_empty());
    filled.flat_map(|(index, _)| (0..heads.kv_heads).map(move |head| (index, head))).collect()
}

/// The output, and the log-sum-exp of each query's scores as `[tokens, heads]`.
pub(crate) fn forward(qkv: FlexTensor, heads: Heads, segments: &[Segment]) -> (FlexTensor, FlexTensor) {
    let qkv = contiguous(qkv);
    let [tokens, width] = dims2(&qkv);
    let qkv = slice(&qkv);
    let d = heads.head_dim;
    let mut lse = vec![0.0; tokens * heads.heads];
    let shared_lse = Shared::new(lse.as_mut_ptr());
    let attend = |shared_output: &Shared, index: usize, kv_head: usize| {
        let segment = &segments[index];
        let kv = KeysValues::gather(qkv, heads, kv_head, index, segments);
        let keys = Transposed::new(&kv.keys, d);
        let mut scores = vec![0.0; BLOCK * kv.length.next_multiple_of(LANES)];
        let mut block_output = vec![0.0; BLOCK * d];
        let mut normalizers = [Normalizer::default(); BLOCK];
        for head in kv_head * heads.group()..(kv_head + 1) * heads.group() {
            for first in (0..segment.range.len()).step_by(BLOCK) {
                let rows = BLOCK.min(segment.range.len() - first);
                let token = segment.range.start + first;
                let length = kv.before + first + rows;
                let row = length.next_multiple_of(LANES);
                let scores = &mut scores[..rows * row];
                scores.fill(0.0);
                let queries = View { data: &qkv[token * width + head * d..], row: width, column: 1 };
                // Whole vectors; what lies beyond the last key is not seen.
                matmul_add(rows, row, d, queries, keys.view(), scores, row);
                leave_behind(scores, row, kv.before + first + 1, 1, heads);
                exponentials(scores, row, kv.before + first + 1, 1, heads.scale(), &mut normalizers);
                let block_output = &mut block_output[..rows * d];
                block_output.fill(0.0);
                let weights = View { data: scores, row, column: 1 };
                let values = View { data: &kv.values, row: d, column: 1 };
                matmul_add(rows, d, length, weights, values, block_output, d);
                normalize(block_output, d, &normalizers);
                // SAFETY: these rows belong to this segment, and these columns to this head.
                unsafe {
                    let place = token * heads.query_width() + head * d;
                    shared_output.copy_rows(place, heads.query_width(), block_output, d);
                    let lse = normalizers.map(|normalizer| normalizer.lse);
                    shared_lse.copy_rows(token * heads.heads + head, heads.heads, &lse[..rows], 1);
                }
            }
        }
    };
    // SAFETY: the segments tile the tokens, and the heads the columns.
    let output = unsafe {
        filled(tokens * heads.query_width(), |output| {
            let output = Shared::new(output.as_mut_ptr().cast());
            tasks(segments, heads).into_par_iter().for_each(|(index, head)| attend(&output, index, head));
        })
    };
    (tensor(output, [tokens, heads.query_width()]), tensor(lse, [tokens, heads.heads]))
}
