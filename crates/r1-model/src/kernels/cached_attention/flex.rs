//! The CPU kernel: writes into the pages in place, then a task per key head and block of tokens.

use std::ops::Range;

use burn::backend::TensorMetadata;
use burn_flex::FlexTensor;

use super::{CachedRun, PAGE};
use crate::kernels::{
    Heads,
    causal_attention::{
        flex::Shared,
        softmax::{LANES, Normalizer, exponentials, leave_behind, normalize},
    },
    flex::{contiguous, slice, slice_mut, tensor},
    matmul_add::{View, matmul_add},
};

/// Tokens of a run that are scored together.
const BLOCK: usize = 16;

/// Multiply-adds from which attention is worth waking a thread.
const THREADED: usize = 1 << 15;

/// The output, and the cache with the new keys and values.
pub(crate) fn cached_attention(
    qkv: FlexTensor,
    [mut keys, mut values]: [FlexTensor; 2],
    runs: &[CachedRun],
    heads: Heads,
) -> (FlexTensor, [FlexTensor; 2]) {
    assert_eq!(keys.shape()[3], PAGE, "the cache has pages of another size");
    let qkv = contiguous(qkv);
    store(slice(&qkv), [slice_mut(&mut keys), slice_mut(&mut values)], runs, heads);
    let output = attend(slice(&qkv), [slice(&keys), slice(&values)], runs, heads);
    let tokens = output.len() / heads.query_width();
    (tensor(output, [tokens, heads.query_width()]), [keys, values])
}

/// New tokens of one page.
struct Write<'a> {
    /// The row of the first of them.
    row: usize,
    /// Its place in the page.
    offset: usize,
    count: usize,
    /// `[kv_heads, head_dim, PAGE]`
    keys: &'a mut [f32],
    /// `[kv_heads, PAGE, head_dim]`
    values: &'a mut [f32],
}

/// Stores the keys and values of all new tokens.
fn store(qkv: &[f32], [mut keys, mut values]: [&mut [f32]; 2], runs: &[CachedRun], heads: Heads) {
    let mut places = Vec::with_capacity(runs.len());
    let mut first = 0;
    for run in runs {
        for (position, page, count) in spans(run.position..run.end(), &run.pages) {
            places.push((page, first + position - run.position, position % PAGE, count));
        }
        first += run.tokens;
    }
    places.sort_unstable();
    let size = heads.kv_width() * PAGE;
    let mut before = 0;
    let mut writes = Vec::with_capacity(places.len());
    for (page, row, offset, count) in places {
        let skipped = (page - before) * size;
        let (of_keys, of_values) = (keys.split_at_mut(skipped).1, values.split_at_mut(skipped).1);
        let (page_keys, page_values);
        (page_keys, keys) = of_keys.split_at_mut(size);
        (page_values, values) = of_values.split_at_mut(size);
        before = page + 1;
        writes.push(Write { row, offset, count, keys: page_keys, values: page_values });
    }
    let (d, width) = (heads.head_dim, heads.fused_width());
    let write = |Write { row, offset, count, keys, values }: &mut Write| {
        for (token, row) in qkv.chunks_exact(width).skip(*row).take(*count).enumerate() {
            let (new_keys, new_values) = row[heads.query_width()..].split_at(heads.kv_width());
            for (element, key) in new_keys.iter().enumerate() {
                keys[element * PAGE + *offset + token] = *key;
            }
            for (head, value) in new_values.chunks_exact(d).enumerate() {
                values[(head * PAGE + *offset + token) * d..][..d].copy_from_slice(value);
            }
        }
    };
    if first * heads.kv_width() < THREADED {
        writes.iter_mut().for_each(write)
    } else {
        r1_parallel::for_each_mut(&mut writes, |_, one| write(one))
    }
}

/// Page by page: the first position of the range there, the page, and how many positions of the range it has.
fn spans(range: Range<usize>, pages: &[u32]) -> impl Iterator<Item = (usize, usize, usize)> {
    let mut position = range.start;
    std::iter::from_fn(move || {
        let count = (PAGE - position % PAGE).min(range.end.checked_sub(position)?);
        let span = (count > 0).then(|| (position, pages[position / PAGE] as usize, count));
        position += count;
        span
    })
}

/// Some tokens of a run in one key head.
struct Task<'a> {
    run: &'a CachedRun,
    /// The row of the first token.
    row: usize,
    /// Its position.
    position: usize,
    tokens: usize,
    kv_head: usize,
}

/// What a task needs to work, kept from one to the next.
#[derive(Default)]
struct Scratch {
    /// `[heads of the group, tokens, scores]`
    scores: Vec<f32>,
    /// `[heads of the group, tokens, head_dim]`
    result: Vec<f32>,
    normalizers: Vec<Normalizer>,
}

fn attend(qkv: &[f32], [keys, values]: [&[f32]; 2], runs: &[CachedRun], heads: Heads) -> Vec<f32> {
    let (width, query_width) = (heads.fused_width(), heads.query_width());
    let mut output = vec![0.0; qkv.len() / width * query_width];
    let (mut tasks, mut cost, mut first) = (Vec::new(), 0, 0);
    for run in runs {
        for offset in (0..run.tokens).step_by(BLOCK) {
            let tokens = BLOCK.min(run.tokens - offset);
            let (row, position) = (first + offset, run.position + offset);
            cost += tokens * (position + tokens) * query_width;
            tasks.extend((0..heads.kv_heads).map(|kv_head| Task { run, row, position, tokens, kv_head }));
        }
        first += run.tokens;
    }
    let shared = Shared::new(output.as_mut_ptr());
    let work = |scratch: &mut Scratch, task: &Task| {
        scratch.attend(qkv, [keys, values], task, heads);
        let (d, group) = (heads.head_dim, heads.group());
        for (head, result) in scratch.result.chunks_exact(task.tokens * d).enumerate() {
            let column = (task.kv_head * group + head) * d;
            // SAFETY: these rows and columns belong to this task alone.
            unsafe { shared.copy_rows(task.row * query_width + column, query_width, result, d) };
        }
    };
    if cost < THREADED {
        let mut scratch = Scratch::default();
        tasks.iter().for_each(|task| work(&mut scratch, task));
    } else {
        // A few tasks share what they need to work.
        let parts = tasks.len().div_ceil(4).min(4 * r1_parallel::threads());
        let part = tasks.len().div_ceil(parts);
        r1_parallel::for_each_chunk(&mut tasks, part, |_, tasks| {
            let mut scratch = Scratch::default();
            tasks.iter().for_each(|task| work(&mut scratch, task));
        });
    }
    output
}

impl Scratch {
    /// The attention of a task's tokens, in `result`. Each row is the same chain of operations whatever block it is in.
    fn attend(&mut self, qkv: &[f32], [keys, values]: [&[f32]; 2], task: &Task, heads: Heads) {
        let Self { scores, result, normalizers } = self;
        let (d, group, width) = (heads.head_dim, heads.group(), heads.fused_width());
        let Task { run, row, position, tokens, kv_head } = *task;
        let (seen, length) = (position + 1, (position + tokens).next_multiple_of(LANES));
        scores.clear();
        scores.resize(group * tokens * length, 0.0);
        result.clear();
        result.resize(group * tokens * d, 0.0);
        normalizers.clear();
        normalizers.resize(group * tokens, Normalizer::default());
        let of_head = |cache, page: usize| -> &[f32] { slice_of(cache, page * heads.kv_heads + kv_head, d) };
        // A lone token takes the heads of its group for rows, so that each key is read once.
        let (parts, rows, stride) = if tokens == 1 { (1, group, d) } else { (group, tokens, width) };
        for part in 0..parts {
            let queries = &qkv[row * width + (kv_head * group + part) * d..];
            let queries = View { data: queries, row: stride, column: 1 };
            let scores = &mut scores[part * tokens * length..][..rows * length];
            // Whole vectors, which a page always has; what lies beyond the last key is not seen.
            for (start, page, count) in spans(0..length, &run.pages) {
                let keys = View { data: of_head(keys, page), row: PAGE, column: 1 };
                matmul_add(rows, count, d, queries, keys, &mut scores[start..], length);
            }
            let growth = usize::from(tokens > 1);
            leave_behind(scores, length, seen, growth, heads);
            let normalizers = &mut normalizers[part * tokens..][..rows];
            exponentials(scores, length, seen, growth, heads.scale(), normalizers);
            let result = &mut result[part * tokens * d..][..rows * d];
            let mut add = |rows: Range<usize>, keys: Range<usize>| {
                for (start, page, count) in spans(keys, &run.pages) {
                    let scores = &scores[rows.start * length + start..];
                    let values = &of_head(values, page)[start % PAGE * d..];
                    let (scores, values) = (
                        View { data: scores, row: length, column: 1 },
                        View { data: values, row: d, column: 1 },
                    );
                    matmul_add(rows.len(), d, count, scores, values, &mut result[rows.start * d..], d);
                }
            };
            // What all see, then what each sees beyond that.
            add(0..rows, 0..seen);
            for row in 1..tokens {
                add(row..row + 1, seen..seen + row);
            }
            normalize(result, d, normalizers);
        }
    }
}

/// The page of one key head.
fn slice_of(cache: &[f32], index: usize, head_dim: usize) -> &[f32] {
    &cache[index * head_dim * PAGE..][..head_dim * PAGE]
}
