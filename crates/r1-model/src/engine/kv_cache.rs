//! Keys and values of all slots, layer by layer.

use std::sync::Arc;

use burn::tensor::{Device, Tensor};

use crate::{
    causal_lm::CacheSpec,
    kernels::{
        Heads, cached_attention,
        cached_attention::{LayerCache, SlotRows},
    },
};

/// The cache of every layer, and the runs of tokens that the current pass adds to it.
#[derive(Debug)]
pub struct KvCache {
    layers: Vec<Option<LayerCache>>,
    heads: Heads,
    runs: Vec<SlotRows>,
    positions: Arc<[u32]>,
}

impl KvCache {
    /// An empty cache of `slots` sequences of at most `capacity` tokens.
    pub fn new(spec: CacheSpec, slots: usize, capacity: usize, device: &Device) -> Self {
        let layer = || Some(LayerCache::new(slots, capacity, spec.heads, device));
        Self {
            layers: (0..spec.layers).map(|_| layer()).collect(),
            heads: spec.heads,
            runs: Vec::new(),
            positions: Arc::new([]),
        }
    }

    /// Announces the tokens of the next pass through the model.
    pub fn begin(&mut self, runs: Vec<SlotRows>) {
        let positions = runs.iter().flat_map(|run| run.position..run.position + run.tokens);
        self.positions = positions.map(|position| position as u32).collect();
        self.runs = runs;
    }

    /// The position of each token of the pass.
    pub fn positions(&self) -> &Arc<[u32]> {
        &self.positions
    }

    /// Stores the pass's keys and values in a layer and attends to all that is there.
    ///
    /// # Shapes
    /// - `qkv`: `[tokens, (heads + 2 · kv_heads) · head_dim]`
    /// - output: `[tokens, heads · head_dim]`
    ///
    /// # Panics
    /// When the layer does not exist or the rows are not those announced.
    pub fn attend(&mut self, layer: usize, qkv: Tensor<2>) -> Tensor<2> {
        let cache = self.layers[layer].take().expect("a layer's cache is put back after each use");
        let (output, cache) = cached_attention(qkv, cache, &self.runs, self.heads);
        self.layers[layer] = Some(cache);
        output
    }

    /// Copies the first `tokens` of one slot to others.
    pub fn fork(&mut self, from: usize, to: &[usize], tokens: usize) {
        let Heads { kv_heads, head_dim, .. } = self.heads;
        if to.is_empty() || tokens == 0 {
            return;
        }
        for layer in self.layers.iter_mut() {
            let LayerCache { mut keys, mut values } =
                layer.take().expect("a layer's cache is put back after each use");
            let source = from..from + 1;
            let device = keys.device();
            // Through the host: a view would share the cache and force a copy of all of it.
            let part = |tensor: Tensor<4>| Tensor::<4>::from_data(tensor.into_data(), &device);
            let key_part = part(keys.clone().slice([source.clone(), 0..kv_heads, 0..head_dim, 0..tokens]));
            let value_part = part(values.clone().slice([source, 0..kv_heads, 0..tokens, 0..head_dim]));
            for slot in to {
                let slot = *slot..*slot + 1;
                keys =
                    keys.slice_assign([slot.clone(), 0..kv_heads, 0..head_dim, 0..tokens], key_part.clone());
                values = values.slice_assign([slot, 0..kv_heads, 0..tokens, 0..head_dim], value_part.clone());
            }
            *layer = Some(LayerCache { keys, values });
        }
    }
}
