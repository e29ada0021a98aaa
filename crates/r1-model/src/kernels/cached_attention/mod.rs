//! Attention of new tokens to the keys and values of earlier ones.

#[cfg(feature = "flex")]
pub(crate) mod flex;

use burn::backend::Dispatch;
use burn::tensor::{Device, Tensor, TensorData, activation::softmax};

use super::{Heads, non_differentiable::NonDifferentiable};

/// One layer's keys and values, a stretch of memory for each slot.
#[derive(Debug, Clone)]
pub struct LayerCache {
    /// `[slots, kv_heads, head_dim, capacity]`, so that a query meets all keys in one row.
    pub keys: Tensor<4>,
    /// `[slots, kv_heads, capacity, head_dim]`
    pub values: Tensor<4>,
}

impl LayerCache {
    /// An empty cache.
    pub fn new(slots: usize, capacity: usize, heads: Heads, device: &Device) -> Self {
        let Heads { kv_heads, head_dim, .. } = heads;
        Self {
            keys: zeros([slots, kv_heads, head_dim, capacity], device),
            values: zeros([slots, kv_heads, capacity, head_dim], device),
        }
    }
}

/// Zeros. On the CPU burn writes them twice and on one thread, and a cache is made for each batch of prompts.
fn zeros(shape: [usize; 4], device: &Device) -> Tensor<4> {
    #[cfg(feature = "flex")]
    if crate::kernels::flex::on_flex(device) {
        let zeros = crate::kernels::flex::zeros(shape.iter().product());
        return Tensor::from_data(TensorData::new(zeros, shape), device);
    }
    Tensor::zeros(shape, device)
}

/// Consecutive tokens of one sequence: the rows of a batch that belong to one slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SlotRows {
    /// The slot whose cache they use.
    pub slot: usize,
    /// The position of the first of them; the cache already holds everything before it.
    pub position: usize,
    /// How many they are.
    pub tokens: usize,
}

/// Stores the keys and values of new tokens and attends from them to all that their slot holds, as
/// far as their own position.
///
/// # Shapes
/// - `qkv`: `[tokens, (heads + 2 · kv_heads) · head_dim]`, the runs one after the other
/// - output: `[tokens, heads · head_dim]`
///
/// # Gradients
/// None: the cache serves generation, and tensors on an autodiff tape are refused.
///
/// # Panics
/// When a run does not fit the cache, two runs are in one slot, or the runs do not tile the rows.
pub fn cached_attention(
    qkv: Tensor<2>,
    cache: LayerCache,
    runs: &[SlotRows],
    heads: Heads,
) -> (Tensor<2>, LayerCache) {
    let [tokens, width] = qkv.dims();
    let [slots, _, _, capacity] = cache.keys.dims();
    assert_eq!(width, heads.fused_width(), "the fused row does not fit {heads:?}");
    assert_eq!(runs.iter().map(|run| run.tokens).sum::<usize>(), tokens, "the runs must tile the rows");
    for run in runs {
        assert!(run.slot < slots && run.position + run.tokens <= capacity, "{run:?} does not fit the cache");
    }
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

/// [`cached_attention`] by plain tensor operations, one run after the other.
pub fn reference(
    qkv: Tensor<2>,
    cache: LayerCache,
    runs: &[SlotRows],
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
        let (new, end) = (run.position..run.position + run.tokens, run.position + run.tokens);
        // [kv_heads, tokens, head_dim]
        let part = |start: usize| {
            let columns = qkv.clone().slice([rows.clone(), start..start + kv_width]);
            columns.reshape([run.tokens, kv_heads, head_dim]).swap_dims(0, 1)
        };
        let slot = run.slot..run.slot + 1;
        keys = keys.slice_assign(
            [slot.clone(), 0..kv_heads, 0..head_dim, new.clone()],
            part(query_width).swap_dims(1, 2).unsqueeze(),
        );
        values = values.slice_assign(
            [slot.clone(), 0..kv_heads, new, 0..head_dim],
            part(query_width + kv_width).unsqueeze(),
        );
        let k = keys.clone().slice([slot.clone(), 0..kv_heads, 0..head_dim, 0..end]).squeeze_dim::<3>(0);
        let v = values.clone().slice([slot, 0..kv_heads, 0..end, 0..head_dim]).squeeze_dim::<3>(0);
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

    #[test]
    fn kernel_equals_reference() {
        let run = |slot, position, tokens| SlotRows { slot, position, tokens };
        let steps = [
            vec![run(2, 0, 5), run(0, 0, 1)],
            vec![run(0, 1, 1), run(1, 0, 0), run(2, 5, 1)],
            vec![],
            vec![run(1, 0, 0)],
            vec![run(2, 6, 4)],
            vec![run(1, 0, 11)],
        ];
        let window = HEADS.with_window(Some(4));
        for (dtype, tolerance, heads) in
            [(FloatDType::F32, 1e-5, HEADS), (FloatDType::F64, 0.0, HEADS), (FloatDType::F32, 1e-5, window)]
        {
            let cache = LayerCache::new(3, 11, heads, &Device::flex());
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
    fn token_by_token_equals_the_whole_sequence() {
        for heads in [HEADS, HEADS.with_window(Some(3))] {
            let qkv = check::random([9, heads.fused_width()], 5);
            let segments: Arc<_> = PackedBatch::from_sequences(&[[0; 9]]).layout().segments;
            let whole = causal_attention(qkv.clone(), heads, &segments);
            let mut cache = LayerCache::new(1, 9, heads, &Device::flex());
            let mut rows = Vec::new();
            for (position, tokens) in [(0, 4), (4, 1), (5, 1), (6, 3)] {
                let part = qkv.clone().slice(position..position + tokens);
                let (row, next) =
                    cached_attention(part, cache, &[SlotRows { slot: 0, position, tokens }], heads);
                cache = next;
                rows.push(row);
            }
            check::close(&Tensor::cat(rows, 0).into_data(), &whole.into_data(), 1e-6, "output");
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
        let cache = LayerCache::new(2, 5, HEADS, &Device::flex());
        let before = addresses(&cache);
        let qkv = check::random([3, HEADS.fused_width()], 0);
        let run = SlotRows { slot: 1, position: 0, tokens: 3 };
        let (_, cache) = cached_attention(qkv, cache, &[run], HEADS);
        assert_eq!(addresses(&cache), before);
    }

    #[test]
    #[should_panic(expected = "does not fit the cache")]
    fn a_run_beyond_the_capacity_is_refused() {
        let cache = LayerCache::new(1, 2, HEADS, &Device::flex());
        cached_attention(
            check::random([3, HEADS.fused_width()], 0),
            cache,
            &[SlotRows { slot: 0, position: 0, tokens: 3 }],
            HEADS,
        );
    }
}
