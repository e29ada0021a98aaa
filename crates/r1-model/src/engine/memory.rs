//! What a layer remembers of the tokens before.

use std::{any::Any, fmt::Debug};

use burn::tensor::{Device, Tensor};

use crate::kernels::{
    Heads, cached_attention,
    cached_attention::{LayerCache, SlotRows},
};

/// **What one layer remembers of each sequence**: keys and values, a state, or whatever an architecture needs.
///
/// A layer says so by a value of a type that implements this ([`Heads`] does, for keys and values); the engine makes the
/// memory of all its slots from it, and the layer reaches it by [`KvCache::layer`](super::KvCache::layer).
pub trait Memory: Debug + Send + Sync {
    /// Bytes that a sequence of so many tokens needs.
    fn bytes(&self, tokens: usize) -> usize;

    /// Empty memory for `slots` sequences of at most `capacity` tokens.
    fn empty(&self, slots: usize, capacity: usize, device: &Device) -> Box<dyn Remembered>;
}

/// The memory of one layer, for every slot.
pub trait Remembered: Debug + Send + Any {
    /// Copies what is known of the first `tokens` tokens of one slot to others.
    fn fork(&mut self, from: usize, to: &[usize], tokens: usize);
}

impl Memory for Heads {
    fn bytes(&self, tokens: usize) -> usize {
        2 * self.kv_width() * tokens * size_of::<f32>()
    }

    fn empty(&self, slots: usize, capacity: usize, device: &Device) -> Box<dyn Remembered> {
        let cache = LayerCache::new(slots, capacity, *self, device);
        Box::new(KeysValues { heads: *self, cache: Some(cache) })
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
    pub fn attend(&mut self, qkv: Tensor<2>, runs: &[SlotRows]) -> Tensor<2> {
        let cache = self.cache.take().expect("a layer's cache is put back after each use");
        let (output, cache) = cached_attention(qkv, cache, runs, self.heads);
        self.cache = Some(cache);
        output
    }
}

impl Remembered for KeysValues {
    fn fork(&mut self, from: usize, to: &[usize], tokens: usize) {
        let Heads { kv_heads, head_dim, .. } = self.heads;
        let LayerCache { mut keys, mut values } =
            self.cache.take().expect("a layer's cache is put back after each use");
        let source = from..from + 1;
        let device = keys.device();
        // Through the host: a view would share the cache and force a copy of all of it.
        let part = |tensor: Tensor<4>| Tensor::<4>::from_data(tensor.into_data(), &device);
        let key_part = part(keys.clone().slice([source.clone(), 0..kv_heads, 0..head_dim, 0..tokens]));
        let value_part = part(values.clone().slice([source, 0..kv_heads, 0..tokens, 0..head_dim]));
        for slot in to {
            let slot = *slot..*slot + 1;
            keys = keys.slice_assign([slot.clone(), 0..kv_heads, 0..head_dim, 0..tokens], key_part.clone());
            values = values.slice_assign([slot, 0..kv_heads, 0..tokens, 0..head_dim], value_part.clone());
        }
        self.cache = Some(LayerCache { keys, values });
    }
}
