//! What a layer remembers of the tokens before.

use std::{any::Any, fmt::Debug};

use burn::tensor::{Device, Tensor};

use crate::kernels::{
    Heads, cached_attention,
    cached_attention::{CachedRun, LayerCache, PAGE, copy_page},
};

/// **What one layer remembers of each sequence**: keys and values, a latent, or whatever an architecture needs.
///
/// A layer says so by a value of a type that implements this ([`Heads`] does, for keys and values); the engine makes the
/// memory of all its pages from it, and the layer reaches it by [`KvCache::layer`](super::KvCache::layer). A page holds
/// what is known of [`PAGE`] consecutive tokens.
pub trait Memory: Debug + Send + Sync {
    /// Bytes that a page needs.
    fn page_bytes(&self) -> usize;

    /// Memory for so many pages.
    fn empty(&self, pages: usize, device: &Device) -> Box<dyn Remembered>;
}

/// The memory of one layer, for every page.
pub trait Remembered: Debug + Send + Any {
    /// Copies one page to others.
    fn copy(&mut self, from: u32, to: &[u32]);
}

impl Memory for Heads {
    fn page_bytes(&self) -> usize {
        2 * self.kv_width() * PAGE * size_of::<f32>()
    }

    fn empty(&self, pages: usize, device: &Device) -> Box<dyn Remembered> {
        Box::new(KeysValues { heads: *self, cache: Some(LayerCache::new(pages, *self, device)) })
    }
}

/// Keys and values of every token; a layer with a window has them all too and looks at the last.
#[derive(Debug)]
pub struct KeysValues {
    heads: Heads,
    cache: Option<LayerCache>,
}

impl KeysValues {
    /// Stores the keys and values of new tokens and attends to all that the layer sees.
    ///
    /// # Shapes
    /// - `qkv`: `[tokens, (heads + 2 · kv_heads) · head_dim]`
    /// - output: `[tokens, heads · head_dim]`
    ///
    /// # Panics
    /// When the runs do not tile the rows or do not fit.
    pub fn attend(&mut self, qkv: Tensor<2>, runs: &[CachedRun]) -> Tensor<2> {
        let cache = self.cache.take().expect("a layer's cache is put back after each use");
        let (output, cache) = cached_attention(qkv, cache, runs, self.heads);
        self.cache = Some(cache);
        output
    }
}

impl Remembered for KeysValues {
    fn copy(&mut self, from: u32, to: &[u32]) {
        let cache = self.cache.take().expect("a layer's cache is put back after each use");
        self.cache = Some(copy_page(cache, from, to));
    }
}
