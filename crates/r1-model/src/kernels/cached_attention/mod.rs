//! Attention of new tokens to the keys and values of earlier ones.

#[cfg(feature = "flex")]
pub(crate) mod flex;

use burn::backend::Dispatch;
use burn::tensor::{Device, Int, Tensor, TensorData, activation::softmax};

use super::{Heads, non_differentiable::NonDifferentiable};

/// Tokens of a page: the keys and values of so many consecutive tokens of a sequence lie together.
pub const PAGE: usize = 64;

/// One layer's keys and values, page by page.
#[derive(Debug, Clone)]
pub struct LayerCache {
    /// `[pages, kv_heads, head_dim, PAGE]`, so that a query meets the keys of a page in one row.
    pub keys: Tensor<4>,
    /// `[pages, kv_heads, PAGE, head_dim]`
    pub values: Tensor<4>,
}

impl LayerCache {
    /// An empty cache.
    pub fn new(pages: usize, heads: Heads, device: &Device) -> Self {
        let Heads { kv_heads, head_dim, .. } = heads;
        Self {
            keys: zeros([pages, kv_heads, head_dim, PAGE], device),
            values: zeros([pages, kv_heads, PAGE, head_dim], device),
        }
    }
}

/// Zeros. On the CPU the system makes them when they are first touched, so that pages nobody needs cost nothing.
fn zeros(shape: [usize; 4], device: &Device) -> Tensor<4> {
    #[cfg(feature = "flex")]
    if crate::kernels::flex::on_flex(device) {
        let zeros = vec![0.0f32; shape.iter().product()];
        return Tensor::from_data(TensorData::new(zeros, shape), device);
    }
    Tensor::zeros(shape, device)
}

/// Consecutive tokens of one sequence: rows of a batch that belong together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CachedRun {
    /// The pages of the sequence: token `i` lies in `pages[i / PAGE]`.
    pub pages: Vec<u32>,
    /// The position of the first of the tokens; the pages already hold everything before it.
    pub position: usize,
    /// How many they are.
    pub tokens: usize,
}

impl CachedRun {
    /// The position behind its last token.
    pub fn end(&self) -> usize {
        self.position + self.tokens
    }

    /// The pages that it writes to.
    pub(crate) fn written(&self) -> &[u32] {
        if self.tokens == 0 { &[] } else { &self.pages[self.position / PAGE..self.end().div_ceil(PAGE)] }
    }
}

/// Stores the keys and values of new tokens and attends from them to all that their sequence holds, as
/// far as their own position.
///
/// Sequences may share pages of which none is written to.
///
/// # Shapes
/// - `qkv`: `[tokens, (heads + 2 · kv_heads) · head_dim]`, the runs one after the other
/// - output: `[tokens, heads · head_dim]`
///
/// # Gradients
/// None: the cache serves generation, and tensors on an autodiff tape are refused.
///
/// # Panics
/// When a run has too few pages, a page does not exist, two runs write to one page, or the runs do not tile the rows.
pub fn cached_attention(
    qkv: Tensor<2>,
    cache: LayerCache,
    runs: &[CachedRun],
    heads: Heads,
) -> (Tensor<2>, LayerCache) {
    let [tokens, width] = qkv.dims();
    let [pages, ..] = cache.keys.dims();
    assert_eq!(width, heads.fused_width(), "the fused row does not fit {heads:?}");
    assert_eq!(runs.iter().map(|run| run.tokens).sum::<usize>(), tokens, "the runs must tile the rows");
    for run in runs {
        let fits =
            run.end() <= run.pages.len() * PAGE && run.pages.iter().all(|page| (*page as usize) < pages);
        assert!(fits, "{run:?} does not fit the cache of {pages} pages");
    }
    let mut written: Vec<u32> = runs.iter().flat_map(CachedRun::written).copied().collect();
    written.sort_unstable();
    assert!(written.windows(2).all(|pair| pair[0] != pair[1]), "two runs write to one page");
    let (output, keys, values) = Dispatch::cached_attention(
        qkv.into_dispatch(),
        cache.keys.into_dispatch(),
        cache.values.into_dispatch(),
        runs,
        heads,
    );
    let cache = LayerCache { keys: Tensor::from_dispatch(keys), values: Tensor::from_dispatch(values) };
    (Tensor::from_dispatch(output), cache)
}

/// Copies one page of a layer to others.
pub(crate) fn copy_page(cache: LayerCache, from: u32, to: &[u32]) -> LayerCache {
    let LayerCache { keys, values } = cache;
    let (keys, values) = Dispatch::copy_page(keys.into_dispatch(), values.into_dispatch(), from, to);
    LayerCache { keys: Tensor::from_dispatch(keys), values: Tensor::from_dispatch(values) }
}

/// [`copy_page`] for every backend: through the host, for a view would share the cache and force a copy of all of it.
pub(crate) fn copy_by_the_host(cache: LayerCache, from: u32, to: &[u32]) -> LayerCache {
    let copied = |cache: Tensor<4>| {
        let [_, a, b, c] = cache.dims();
        let place = |page: u32| [page as usize..page as usize + 1, 0..a, 0..b, 0..c];
        let part = cache.clone().slice(place(from)).into_data();
        let part = Tensor::<4>::from_data(part, (&cache.device(), cache.dtype()));
        to.iter().fold(cache, |cache, page| cache.slice_assign(place(*page), part.clone()))
    };
    LayerCache { keys: copied(cache.keys), values: copied(cache.values) }
}

/// [`cached_attention`] by plain tensor operations, one run after the other.
pub fn reference(
    qkv: Tensor<2>,
    cache: LayerCache,
    runs: &[CachedRun],
    heads: Heads,
) -> (Tensor<2>, LayerCache) {
    let LayerCache { mut keys, mut values } = cache;
    let (device, dtype) = (qkv.device(), qkv.dtype());
    let Heads { kv_heads, head_dim, .. } = heads;
    let (query_width, kv_width, group) = (heads.query_width(), heads.kv_width(), heads.group());
    let mut outputs = vec![Tensor::zeros([0, query_width], (&device, dtype))];
    let mut first = 0;
    for run in runs.iter().filter(|run| run.tokens > 0) {
        let rows = first..first + run.tokens;
        first = rows.end;
        let end = run.end();
        let mut position = run.position;
        while position < end {
            let (page, offset) = (run.pages[position / PAGE] as usize, position % PAGE);
            let count = (PAGE - offset).min(end - position);
            let part_rows =
                rows.start + position - run.position..rows.start + position - run.position + count;
            // [kv_heads, count, head_dim]
            let part = |start: usize| {
                let columns = qkv.clone().slice([part_rows.clone(), start..start + kv_width]);
                columns.reshape([count, kv_heads, head_dim]).swap_dims(0, 1)
            };
            let (page, places) = (page..page + 1, offset..offset + count);
            keys = keys.slice_assign(
                [page.clone(), 0..kv_heads, 0..head_dim, places.clone()],
                part(query_width).swap_dims(1, 2).unsqueeze(),
            );
            values = values.slice_assign(
                [page, 0..kv_heads, places, 0..head_dim],
                part(query_width + kv_width).unsqueeze(),
            );
            position += count;
        }
        let used: Vec<i32> = run.pages[..end.div_ceil(PAGE)].iter().map(|page| *page as i32).collect();
        let length = used.len() * PAGE;
        let used = Tensor::<1, Int>::from_data(TensorData::new(used, [length / PAGE]), &device);
        let k = keys.clone().select(0, used.clone()).permute([1, 2, 0, 3]);
        let k = k.reshape([kv_heads, head_dim, length]).slice([0..kv_heads, 0..head_dim, 0..end]);
        let v = values.clone().select(0, used).permute([1, 0, 2, 3]);
        let v = v.reshape([kv_heads, length, head_dim]).slice([0..kv_heads, 0..end, 0..head_dim]);
        let q = qkv.clone().slice([rows, 0..query_width]);
        let q = q.reshape([run.tokens, kv_heads, group, head_dim]).permute([1, 2, 0, 3]).reshape([
            kv_heads,
            group * run.tokens,
            head_dim,
        ]);
        let mask: Vec<f32> = (0..group * run.tokens)
            .flat_map(|row| {
                let visible = run.position + row % run.tokens + 1;
                let seen = heads.unseen(visible)..visible;
                (0..end).map(move |key| if seen.contains(&key) { 0.0 } else { -1e30 })
            })
            .collect();
        let mask = TensorData::new(mask, [1, group * run.tokens, end]);
        let scores = q.matmul(k).mul_scalar(heads.scale()) + Tensor::<3>::from_data(mask, (&device, dtype));
        let output = softmax(scores, 2).matmul(v).reshape([kv_heads, group, run.tokens, head_dim]);
        outputs.push(output.permute([2, 0, 1, 3]).reshape([run.tokens, query_width]));
    }
    (Tensor::cat(outputs, 0), LayerCache { keys, values })
}

#[cfg(all(test, feature = "flex"))]
mod tests {
    use std::sync::Arc;

    use burn::{backend::Flex, tensor::FloatDType};
    use burn_flex::FlexTensor;

    use super::*;
    use crate::{
        PackedBatch,
        kernels::{backend::Bridge, causal_attention, check},
    };

    const HEADS: Heads = Heads::new(6, 2, 10);

    fn run(pages: &[u32], position: usize, tokens: usize) -> CachedRun {
        CachedRun { pages: pages.to_vec(), position, tokens }
    }

    #[test]
    fn kernel_equals_reference() {
        let steps = [
            vec![run(&[4, 1], 0, 70), run(&[0], 0, 1)],
            vec![run(&[0], 1, 1), run(&[2], 0, 0), run(&[4, 1], 70, 1)],
            vec![],
            vec![run(&[2], 0, 0)],
            // Another sequence reads what the first wrote to page 4, and writes to a page of its own.
            vec![run(&[4, 1], 71, 40), run(&[4, 3], 64, 3)],
            vec![run(&[2], 0, 64)],
        ];
        let window = HEADS.with_window(Some(4));
        for (dtype, tolerance, heads) in
            [(FloatDType::F32, 1e-5, HEADS), (FloatDType::F64, 0.0, HEADS), (FloatDType::F32, 1e-5, window)]
        {
            let cache = LayerCache::new(5, heads, &Device::flex());
            let mut ours = LayerCache { keys: cache.keys.cast(dtype), values: cache.values.cast(dtype) };
            let mut theirs = ours.clone();
            for (seed, runs) in steps.iter().enumerate() {
                let tokens = runs.iter().map(|run| run.tokens).sum();
                let qkv = check::random([tokens, HEADS.fused_width()], seed as u64).cast(dtype);
                let (output, cache) = cached_attention(qkv.clone(), ours, runs, heads);
                let (expected, reference_cache) = reference(qkv, theirs, runs, heads);
                (ours, theirs) = (cache, reference_cache);
                check::close(&output.into_data(), &expected.into_data(), tolerance, "output");
                check::close(&ours.keys.to_data(), &theirs.keys.to_data(), 0.0, "keys");
                check::close(&ours.values.to_data(), &theirs.values.to_data(), 0.0, "values");
            }
        }
    }

    #[test]
    fn in_parts_equals_the_whole_sequence_and_any_parts_have_the_same_bits() {
        for heads in [HEADS, HEADS.with_window(Some(3)), HEADS.with_window(Some(70))] {
            let length = 150;
            let qkv = check::random([length, heads.fused_width()], 5);
            let segments: Arc<_> = PackedBatch::from_sequences(&[vec![0; length]]).layout().segments;
            let whole = causal_attention(qkv.clone(), heads, &segments);
            let in_parts = |pages: &[u32], parts: &[usize]| {
                let mut cache = LayerCache::new(4, heads, &Device::flex());
                let (mut rows, mut position) = (Vec::new(), 0);
                for tokens in parts {
                    let part = qkv.clone().slice(position..position + tokens);
                    let (row, next) = cached_attention(part, cache, &[run(pages, position, *tokens)], heads);
                    (cache, position) = (next, position + tokens);
                    rows.push(row);
                }
                assert_eq!(position, length);
                Tensor::cat(rows, 0).into_data().try_to_vec::<f32>().unwrap()
            };
            let alone = in_parts(&[0, 1, 2], &[1; 150]);
            assert_eq!(alone, in_parts(&[3, 0, 2], &[150]));
            assert_eq!(alone, in_parts(&[2, 1, 0, 3], &[4, 1, 1, 70, 17, 57]));
            let alone = TensorData::new(alone, [length, heads.query_width()]);
            check::close(&alone, &whole.into_data(), 1e-5, "output");
        }
    }

    #[test]
    fn the_cache_keeps_its_memory() {
        let addresses = |cache: &LayerCache| {
            [&cache.keys, &cache.values].map(|tensor| {
                let primitive: FlexTensor = Flex::primitive(tensor.clone());
                primitive.storage::<f32>().as_ptr()
            })
        };
        let cache = LayerCache::new(2, HEADS, &Device::flex());
        let before = addresses(&cache);
        let qkv = check::random([3, HEADS.fused_width()], 0);
        let (_, cache) = cached_attention(qkv, cache, &[run(&[1], 0, 3)], HEADS);
        assert_eq!(addresses(&cache), before);
    }

    #[test]
    #[should_panic(expected = "does not fit the cache")]
    fn a_run_beyond_its_pages_is_refused() {
        let cache = LayerCache::new(1, HEADS, &Device::flex());
        let qkv = check::random([3, HEADS.fused_width()], 0);
        cached_attention(qkv, cache, &[run(&[0], 62, 3)], HEADS);
    }

    #[test]
    #[should_panic(expected = "two runs write to one page")]
    fn a_shared_page_is_not_written_to() {
        let cache = LayerCache::new(2, HEADS, &Device::flex());
        let qkv = check::random([2, HEADS.fused_width()], 0);
        cached_attention(qkv, cache, &[run(&[1], 0, 1), run(&[1], 1, 1)], HEADS);
    }
}
