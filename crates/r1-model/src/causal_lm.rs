//! The contract between a model and everything that runs it.

use std::sync::Arc;

use burn::module::{Module, ModuleDisplay};
use burn::tensor::Tensor;
use r1_quant::QuantError;

use crate::{
    checkpoint::Packing,
    engine::{KvCache, Memory},
    gradients::GradientStore,
    kernels::{self, Heads, PackedMatrix, RotaryTable, backward_from},
    packed_batch::{PackedBatch, PackedLayout},
};

/// **A type that implements `CausalLm` is a stack of blocks between an embedding and a head.**
/// Training, activation recomputation and decoding all go through [`block`](Self::block); nobody
/// asks for logits of every token.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a causal language model",
    note = "implement `r1_model::CausalLm`: embed, num_blocks, block, head and cache_spec"
)]
pub trait CausalLm: Module + ModuleDisplay + Sync {
    /// The embedding of each token.
    ///
    /// # Shapes
    /// - output: `[tokens, d_model]`
    fn embed(&self, batch: &PackedBatch) -> Tensor<2>;

    /// Adds the gradient of the parameters that [`embed`](Self::embed) uses to `gradients`, given that of its output
    /// (`[tokens, d_model]`). `self` is tracked. This body adds a gradient of everything that `embed` uses; a model whose
    /// embedding is a table of many rows does better with [`GradientStore::add_rows`]. Paths are those of `self`, so a
    /// model that wraps another one keeps this body and does not hand the call on.
    fn embed_backward(&self, batch: &PackedBatch, upstream: Tensor<2>, gradients: &mut GradientStore) {
        gradients.add(self, backward_from(self.embed(batch), upstream.autodiff()).backward());
    }

    /// How many blocks there are.
    fn num_blocks(&self) -> usize;

    /// One block: attention and feed-forward, each added to its input.
    ///
    /// # Shapes
    /// - `x` and output: `[tokens, d_model]`
    fn block(&self, index: usize, x: Tensor<2>, attend: Attend<'_>) -> Tensor<2>;

    /// The final norm and the output matrix.
    fn head(&self) -> Head;

    /// The same model with its weight matrices packed for generation, the matrices in f32 being shared with it; `None`
    /// where the model cannot (this body).
    ///
    /// # Errors
    /// When the packing cannot hold a weight.
    fn pack(&self, _packing: Packing) -> Result<Option<Self>, QuantError> {
        Ok(None)
    }

    /// What a cache for this model must hold.
    fn cache_spec(&self) -> CacheSpec;

    /// The hidden states after the last block, before the final norm.
    ///
    /// # Shapes
    /// - output: `[tokens, d_model]`
    fn hidden(&self, batch: &PackedBatch) -> Tensor<2> {
        let layout = batch.layout();
        let mut x = self.embed(batch);
        for index in 0..self.num_blocks() {
            x = self.block(index, x, Attend::Packed(&layout));
        }
        x
    }
}

/// What the tokens of a block attend to.
#[derive(Debug)]
pub enum Attend<'a> {
    /// The tokens of a packed batch, for training and scoring.
    Packed(&'a PackedLayout),
    /// The tokens in a cache, for generation.
    Cached(&'a mut KvCache),
}

impl Attend<'_> {
    /// The position of each token.
    pub fn positions(&self) -> &Arc<[u32]> {
        match self {
            Self::Packed(layout) => &layout.positions,
            Self::Cached(cache) => cache.positions(),
        }
    }

    /// Rotates queries and keys by their positions, if there is a table, and attends; `layer` names the part of a cache
    /// that belongs to the layer.
    ///
    /// # Shapes
    /// - `qkv`: `[tokens, (heads + 2 · kv_heads) · head_dim]`
    /// - output: `[tokens, heads · head_dim]`
    pub fn rotated(
        self,
        layer: usize,
        qkv: Tensor<2>,
        heads: Heads,
        rotary: Option<&Arc<RotaryTable>>,
    ) -> Tensor<2> {
        let rotate = |qkv: Tensor<2>, positions: &Arc<[u32]>| match rotary {
            Some(table) => kernels::rotary(qkv, table, positions, heads.heads + heads.kv_heads),
            None => qkv,
        };
        match self {
            Self::Packed(layout) => {
                kernels::causal_attention(rotate(qkv, &layout.positions), heads, &layout.segments)
            }
            Self::Cached(cache) => {
                let qkv = rotate(qkv, cache.positions());
                cache.attend(layer, qkv)
            }
        }
    }
}

/// The end of the model: final norm and output matrix.
#[derive(Debug, Clone)]
pub struct Head {
    /// Scale of the final norm, `[d_model]`.
    pub norm: Tensor<1>,
    /// Its epsilon.
    pub epsilon: f64,
    /// Output matrix, `[vocab, d_model]`; the embedding itself when the two are tied. Without rows where it is packed.
    pub weight: Tensor<2>,
    /// The output matrix in blocks, which serves generation only.
    pub packed: Option<PackedMatrix>,
}

impl Head {
    /// Number of token ids.
    pub fn vocab(&self) -> usize {
        self.packed.as_ref().map_or_else(|| self.weight.dims()[0], |packed| packed.shape()[0])
    }

    /// Applies the final norm.
    pub fn normalize(&self, x: Tensor<2>) -> Tensor<2> {
        crate::kernels::rms_norm(x, self.norm.clone(), self.epsilon)
    }

    /// The logits of a few rows, `[rows, vocab]`; for generation, where only last tokens matter.
    pub fn logits(&self, x: Tensor<2>) -> Tensor<2> {
        match &self.packed {
            Some(packed) => kernels::packed_linear(self.normalize(x), packed),
            None => kernels::linear::logits(self.normalize(x), self.weight.clone()),
        }
    }
}

/// What the engine must know to lay out a cache.
#[derive(Debug, Clone)]
pub struct CacheSpec {
    /// What each block remembers.
    pub layers: Vec<Arc<dyn Memory>>,
    /// The longest sequence the model can attend to, in tokens.
    pub context: usize,
    /// The number of token ids.
    pub vocab: usize,
}

impl CacheSpec {
    /// Layers that all remember the keys and values of every token.
    pub fn of_heads(layers: usize, heads: Heads, context: usize, vocab: usize) -> Self {
        let memory: Arc<dyn Memory> = Arc::new(heads);
        Self { layers: vec![memory; layers], context, vocab }
    }

    /// Bytes that a page of the cache needs, in all layers.
    pub fn page_bytes(&self) -> usize {
        self.layers.iter().map(|layer| layer.page_bytes()).sum()
    }
}
