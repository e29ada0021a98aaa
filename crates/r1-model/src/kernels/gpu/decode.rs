//! A decoding step that stays on the GPU: attention to pages, copies of them, and draws.

use burn::tensor::Tensor;
use r1_gpu::{
    cached_attention::{self, Run},
    draw, pages,
};

use super::{
    View,
    backend::{Portable, shape},
    in_ours,
};
use crate::kernels::{
    Heads,
    backend::Kernels,
    cached_attention::{CachedRun, LayerCache},
    draw::{Drawn, Wanted},
};

/// The cache takes the type of the rows: it was made before it was known which they would have.
pub(super) fn cached_attention(
    qkv: Tensor<2>,
    cache: LayerCache,
    runs: &[CachedRun],
    heads: Heads,
) -> (Tensor<2>, LayerCache) {
    let shape = shape(heads);
    let view = in_ours(&qkv).then(|| View::of(qkv.clone()));
    let Some(view) = view.filter(|view| cached_attention::fits(view.client(), &shape)) else {
        return Portable::cached_attention(qkv, cache, runs, heads);
    };
    let [keys, values] =
        owned(cache, |cache| if cache.dtype() == qkv.dtype() { cache } else { cache.cast(qkv.dtype()) });
    let output = view.room([qkv.dims()[0], heads.query_width()], view.dtype());
    let runs: Vec<Run<'_>> = runs
        .iter()
        .map(|run| Run { pages: &run.pages, position: run.position, tokens: run.tokens })
        .collect();
    cached_attention::forward(
        view.client(),
        &view.buffer(),
        [&keys.buffer(), &values.buffer()],
        &output.buffer(),
        &shape,
        &runs,
        view.elem(),
    );
    (output.tensor(), LayerCache { keys: keys.tensor(), values: values.tensor() })
}

pub(super) fn copy_page(cache: LayerCache, from: u32, to: &[u32]) -> LayerCache {
    if !in_ours(&cache.keys) {
        return Portable::copy_page(cache, from, to);
    }
    let [_, kv_heads, head_dim, page] = cache.keys.dims();
    let [keys, values] = owned(cache, |cache| cache);
    let buffers = [&keys.buffer(), &values.buffer()];
    pages::copy(keys.client(), buffers, kv_heads * head_dim * page, from, to, keys.elem());
    LayerCache { keys: keys.tensor(), values: values.tensor() }
}

pub(super) fn draw(logits: Tensor<2>, wanted: &[Wanted], forbidden: &[u32]) -> Option<Vec<Drawn>> {
    if !in_ours(&logits) {
        return None;
    }
    let [_, vocab] = logits.dims();
    let logits = View::of(logits);
    let wanted: Vec<draw::Wanted> = wanted
        .iter()
        .map(|one| draw::Wanted { row: one.row, temperature: one.temperature, uniform: one.uniform })
        .collect();
    let drawn = draw::draw(logits.client(), &logits.buffer(), vocab, &wanted, forbidden, logits.elem());
    let same =
        |one: draw::Drawn| Drawn { id: one.id, logprob: one.logprob, allowed_logprob: one.allowed_logprob };
    Some(drawn.into_iter().map(same).collect())
}

/// The keys and the values, to be written to in place.
fn owned(cache: LayerCache, prepare: impl Fn(Tensor<4>) -> Tensor<4>) -> [View; 2] {
    [cache.keys, cache.values].map(|cache| View::own(prepare(cache)))
}
