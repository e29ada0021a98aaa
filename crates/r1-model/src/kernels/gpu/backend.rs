//! What a GPU computes with our kernels.

use burn::backend::Cube;
use burn::tensor::Tensor;

use super::decode;
use crate::kernels::{
    Heads,
    backend::Kernels,
    cached_attention::{CachedRun, LayerCache},
    draw::{Drawn, Wanted},
};

/// The bodies that serve every backend.
pub(super) struct Portable;

impl Kernels for Portable {}

impl Kernels for Cube {
    fn cached_attention(
        qkv: Tensor<2>,
        cache: LayerCache,
        runs: &[CachedRun],
        heads: Heads,
    ) -> (Tensor<2>, LayerCache) {
        decode::cached_attention(qkv, cache, runs, heads)
    }

    fn copy_page(cache: LayerCache, from: u32, to: &[u32]) -> LayerCache {
        decode::copy_page(cache, from, to)
    }

    fn draw(logits: Tensor<2>, wanted: &[Wanted], forbidden: &[u32]) -> Option<Vec<Drawn>> {
        decode::draw(logits, wanted, forbidden)
    }
}
