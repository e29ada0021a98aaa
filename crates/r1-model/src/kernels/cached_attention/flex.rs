//! The CPU kernel: writes into the cache in place, then a task per run and key head.

use burn::backend::TensorMetadata;
use burn_flex::FlexTensor;
use rayon::prelude::*;

use super::SlotRows;
use crate::kernels::{
    Heads,
    causal_attention::{
        flex::Shared,
        softmax::{LANES, Normalizer, exponentials, leave_behind, normalize},
    },
    flex::{contiguous, slice, slice_mut, tensor},
    matmul_add::{View, matmul_add},
};

/// A run in one key head: where its tokens are in the pass, and its part of the cache.
struct Task<'a> {
    run: SlotRows,
    /// The run's first token.
    first: usize,
    kv_head: usize,
    /// `[head_dim, capacity]`
    keys: &'a mut [f32],
    /// `[capacity, head_dim]`
    values: &'a mut [f32],
}

/// The output, and the cache with the new keys and values.
pub(crate) fn cached_attention(
    qkv: FlexTensor,
    [mut keys, mut values]: [FlexTensor; 2],
    runs: &[SlotRows],
    heads: Heads,
) -> (FlexTensor, [FlexTensor; 2]) {
    let capacity = keys.shape()[3];
    let qkv = contiguous(qkv);
    let part = (heads.head_dim * capacity).max(1);
    let mut keys_of: Vec<_> = slice_mut(&mut keys).chunks_mut(part).map(Some).collect();
    let mut values_of: Vec<_> = slice_mut(&mut values).chunks_mut(part).map(Some).collect();
    let mut tasks = Vec::with_capacity(runs.len() * heads.kv_heads);
    let mut first = 0;
    for run in runs.iter().filter(|run| run.tokens > 0) {
        tasks.extend((0..heads.kv_heads).map(|kv_head| {
            let index = run.slot * heads.kv_heads + kv_head;
            let (keys, values) = (keys_of[index].take(), values_of[index].take());
            let (keys, values) = keys.zip(values).expect("two runs cannot write one slot");
            Task { run: *run, first, kv_head, keys, values }
        }));
        first += run.tokens;
    }
    let output = attend(slice(&qkv), tasks, heads, capacity);
    let tokens = output.len() / heads.query_width();
    (tensor(output, [tokens, heads.query_width()]), [keys, values])
}

/// Stores the keys and values of the task's tokens.
fn store(qkv: &[f32], task: &mut Task, heads: Heads, capacity: usize) {
    let d = heads.head_dim;
    let rows = qkv.chunks_exact(heads.fused_width()).skip(task.first).take(task.run.tokens);
    for (position, row) in (task.run.position..).zip(rows) {
        let (new_keys, new_values) = row[heads.query_width()..].split_at(heads.kv_width());
        for (i, key) in new_keys[task.kv_head * d..][..d].iter().enumerate() {
            task.keys[i * capacity + position] = *key;
        }
        task.values[position * d..][..d].copy_from_slice(&new_values[task.kv_head * d..][..d]);
    }
}

fn attend(qkv: &[f32], tasks: Vec<Task>, heads: Heads, capacity: usize) -> Vec<f32> {
    let (d, width, query_width) = (heads.head_dim, heads.fused_width(), heads.query_width());
    let mut output = vec![0.0; qkv.len() / width * query_width];
    let shared = Shared::new(output.as_mut_ptr());
    // Small steps are not worth waking a thread for.
    let cost: usize = tasks
        .iter()
        .map(|task| task.run.tokens * (task.run.position + task.run.tokens) * heads.group() * d)
        .sum();
    let work = |mut task: Task| {
        store(qkv, &mut task, heads, capacity);
        let Task { run, first, kv_head, keys, values } = task;
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
            let keys = View { data: keys, row: capacity, column: 1 };
            // Whole vectors, where the cache is as wide; what lies beyond the last key is not seen.
            matmul_add(heads.group(), row.min(capacity), d, queries, keys, scores, row);
            leave_behind(scores, row, visible, 0, heads);
            exponentials(scores, row, visible, 0, heads.scale(), &mut normalizers);
            let values = View { data: values, row: d, column: 1 };
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
    if cost < 1 << 15 {
        tasks.into_iter().for_each(work)
    } else {
        tasks.into_par_iter().with_min_len(4).for_each(work)
    }
    output
}
