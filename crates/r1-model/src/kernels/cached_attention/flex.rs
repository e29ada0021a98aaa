//! The CPU kernel: writes into the cache in place, then a task per run and key head.

use burn::backend::TensorMetadata;
use burn_flex::FlexTensor;
use rayon::prelude::*;

use super::Run;
use crate::kernels::{
    Heads,
    causal_attention::{
        flex::Shared,
        softmax::{LANES, Normalizer, exponentials, normalize},
    },
    flex::{contiguous, slice, slice_mut, tensor},
    matmul_add::{View, matmul_add},
};

/// The output, and the cache with the new keys and values.
pub(crate) fn cached_attention(
    qkv: FlexTensor,
    [mut keys, mut values]: [FlexTensor; 2],
    runs: &[Run],
    heads: Heads,
) -> (FlexTensor, [FlexTensor; 2]) {
    let capacity = keys.shape()[3];
    let qkv = contiguous(qkv);
    store(slice(&qkv), slice_mut(&mut keys), slice_mut(&mut values), runs, heads, capacity);
    let output = attend(slice(&qkv), slice(&keys), slice(&values), runs, heads, capacity);
    let tokens = output.len() / heads.query_width();
    (tensor(output, [tokens, heads.query_width()]), [keys, values])
}

fn store(qkv: &[f32], keys: &mut [f32], values: &mut [f32], runs: &[Run], heads: Heads, capacity: usize) {
    let d = heads.head_dim;
    let mut rows = qkv.chunks_exact(heads.fused_width());
    for run in runs {
        for (position, row) in (run.position..).zip(rows.by_ref().take(run.tokens)) {
            let (new_keys, new_values) = row[heads.query_width()..].split_at(heads.kv_width());
            for head in 0..heads.kv_heads {
                let base = (run.slot * heads.kv_heads + head) * d * capacity;
                for i in 0..d {
                    keys[base + i * capacity + position] = new_keys[head * d + i];
                }
                values[base + position * d..][..d].copy_from_slice(&new_values[head * d..][..d]);
            }
        }
    }
}

fn attend(
    qkv: &[f32],
    keys: &[f32],
    values: &[f32],
    runs: &[Run],
    heads: Heads,
    capacity: usize,
) -> Vec<f32> {
    let (d, width, query_width) = (heads.head_dim, heads.fused_width(), heads.query_width());
    let mut output = vec![0.0; qkv.len() / width * query_width];
    let shared = Shared::new(output.as_mut_ptr());
    let mut first = 0;
    let mut tasks = Vec::with_capacity(runs.len() * heads.kv_heads);
    for run in runs {
        tasks.extend((0..heads.kv_heads).map(|kv_head| (*run, first, kv_head)));
        first += run.tokens;
    }
    let work = |(run, first, kv_head): (Run, usize, usize)| {
        let base = (run.slot * heads.kv_heads + kv_head) * d * capacity;
        let length = run.position + run.tokens;
        let mut scores = vec![0.0; heads.group() * length.next_multiple_of(LANES)];
        let mut result = vec![0.0; heads.group() * d];
        let mut normalizers = vec![Normalizer::default(); heads.group()];
        for (offset, token) in (first..first + run.tokens).enumerate() {
            let visible = run.position + offset + 1;
            let row = visible.next_multiple_of(LANES);
            let scores = &mut scores[..heads.group() * row];
            scores.fill(0.0);
            result.fill(0.0);
            let place = kv_head * heads.group() * d;
            let queries = View { data: &qkv[token * width + place..], row: d, column: 1 };
            let keys = View { data: &keys[base..], row: capacity, column: 1 };
            matmul_add(heads.group(), visible, d, queries, keys, scores, row);
            exponentials(scores, row, visible, 0, heads.scale(), &mut normalizers);
            let values = View { data: &values[base..], row: d, column: 1 };
            matmul_add(
                heads.group(),
                d,
                visible,
                View { data: scores, row, column: 1 },
                values,
                &mut result,
                d,
            );
            normalize(&mut result, d, &normalizers);
            // SAFETY: this row and these columns belong to this task alone.
            unsafe {
                shared.copy_rows(token * query_width + place, heads.group() * d, &result, heads.group() * d)
            };
        }
    };
    // Small steps are not worth waking a thread for.
    let cost: usize =
        runs.iter().map(|run| run.tokens * (run.position + run.tokens)).sum::<usize>() * query_width;
    if cost < 1 << 15 {
        tasks.into_iter().for_each(work)
    } else {
        tasks.into_par_iter().with_min_len(4).for_each(work)
    }
    output
}
