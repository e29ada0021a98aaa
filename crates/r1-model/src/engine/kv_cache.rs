//! What all layers remember of all sequences.

use std::{any::Any, sync::Arc};

use burn::tensor::{Device, Tensor};

use super::{KeysValues, Remembered};
use crate::{causal_lm::CacheSpec, kernels::cached_attention::CachedRun};

/// The memory of every layer, and the runs of tokens that the current pass adds to it.
#[derive(Debug)]
pub struct KvCache {
    layers: Vec<Box<dyn Remembered>>,
    runs: Vec<CachedRun>,
    positions: Arc<[u32]>,
}

impl KvCache {
    /// An empty cache of so many pages.
    pub fn new(spec: &CacheSpec, pages: usize, device: &Device) -> Self {
        let layers = spec.layers.iter().map(|layer| layer.empty(pages, device)).collect();
        Self { layers, runs: Vec::new(), positions: Arc::new([]) }
    }

    /// Announces the tokens of the next pass through the model.
    pub fn begin(&mut self, runs: Vec<CachedRun>) {
        let positions = runs.iter().flat_map(|run| run.position..run.end());
        self.positions = positions.map(|position| position as u32).collect();
        self.runs = runs;
    }

    /// The position of each token of the pass.
    pub fn positions(&self) -> &Arc<[u32]> {
        &self.positions
    }

    /// The memory of a layer, and the runs of the pass.
    ///
    /// # Panics
    /// When the layer does not exist or remembers something else.
    pub fn layer<T: Remembered>(&mut self, layer: usize) -> (&mut T, &[CachedRun]) {
        let remembered: &mut dyn Any = &mut *self.layers[layer];
        let remembered = remembered.downcast_mut().expect("a layer asks for what its spec said");
        (remembered, &self.runs)
    }

    /// Stores the pass's keys and values in a layer and attends to all that it sees.
    ///
    /// # Shapes
    /// - `qkv`: `[tokens, (heads + 2 · kv_heads) · head_dim]`
    /// - output: `[tokens, heads · head_dim]`
    ///
    /// # Panics
    /// When the layer does not exist or does not remember keys and values, or the rows are not those announced.
    pub fn attend(&mut self, layer: usize, qkv: Tensor<2>) -> Tensor<2> {
        let (remembered, runs) = self.layer::<KeysValues>(layer);
        remembered.attend(qkv, runs)
    }

    /// Copies one page to others, in every layer.
    pub fn copy(&mut self, from: u32, to: &[u32]) {
        if !to.is_empty() {
            self.layers.iter_mut().for_each(|layer| layer.copy(from, to));
        }
    }
}
