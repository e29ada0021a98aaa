//! The stack that the families have in common: an embedding, blocks, a norm and an output matrix.

use burn::module::{Module, Param};
use burn::tensor::{Int, Tensor, TensorData};
use r1_quant::QuantError;

use super::Architecture;
use crate::{
    Initial, ModelConfig, Parameters,
    causal_lm::{Attend, CacheSpec, CausalLm, Head},
    checkpoint::{Packing, Part},
    gradients::GradientStore,
    kernels::PackedMatrix,
    nn::{Block, Linear, RmsNorm},
    packed_batch::PackedBatch,
};

/// A language model of one of the families that r1 knows.
#[derive(Module, Debug)]
pub struct Transformer {
    /// `[vocab, d_model]`; without rows where it is packed.
    pub embedding: Param<Tensor<2>>,
    /// The embedding in blocks, which serves generation only.
    #[module(skip)]
    packed_embedding: Option<PackedMatrix>,
    /// The stack.
    pub blocks: Vec<Block>,
    /// The norm after the last block.
    pub norm: RmsNorm,
    /// `[vocab, d_model]`; absent when the embedding serves.
    pub head: Option<Linear>,
    /// What embeddings are multiplied with.
    #[module(skip)]
    embedding_scale: f64,
    /// What logits are divided by.
    #[module(skip)]
    logits_divisor: f64,
    #[module(skip)]
    context: usize,
    #[module(skip)]
    vocab: usize,
}

impl Architecture for Transformer {
    type Config = ModelConfig;

    /// # Panics
    /// When the config is that of an architecture of one's own ([`ModelConfig::parse_own`]).
    fn build(config: &ModelConfig, parameters: &mut Parameters<'_>) -> Self {
        let family = config.family().expect("a config of an own architecture is built by that architecture");
        let table = [config.vocab, config.d_model];
        let part = Part::new("model.embed_tokens.weight", config.vocab);
        let (embedding, packed_embedding) =
            parameters.matrix("embedding", vec![part], table, Initial::WEIGHT);
        let head = (!config.tied).then(|| {
            let at = parameters.at("head", "lm_head").without_adapter();
            Linear::build(at, vec![], table, false, Initial::WEIGHT)
        });
        let norm = family.norm(config, parameters.at("norm", "model.norm"));
        let block = |index: usize| {
            let (path, name) = (format!("blocks.{index}"), format!("model.layers.{index}"));
            family.block(config, index, &mut parameters.at(&path, &name))
        };
        Self {
            blocks: (0..config.layers).map(block).collect(),
            embedding,
            packed_embedding,
            norm,
            head,
            embedding_scale: family.embedding_scale(config),
            logits_divisor: family.logits_divisor(),
            context: config.context,
            vocab: config.vocab,
        }
    }
}

impl CausalLm for Transformer {
    fn embed(&self, batch: &PackedBatch) -> Tensor<2> {
        let table = self.embedding.val();
        if let Some(packed) = &self.packed_embedding {
            return scaled(packed.rows(batch.ids(), &table.device()), self.embedding_scale);
        }
        let ids: Vec<i32> = batch.ids().iter().map(|id| *id as i32).collect();
        let ids = Tensor::<1, Int>::from_data(TensorData::new(ids, [batch.len()]), &table.device());
        scaled(table.select(0, ids), self.embedding_scale)
    }

    fn embed_backward(&self, batch: &PackedBatch, upstream: Tensor<2>, gradients: &mut GradientStore) {
        // A frozen table has no gradient, as on a tape.
        if !self.embedding.val().is_require_grad() {
            return;
        }
        let upstream = scaled(upstream, self.embedding_scale);
        gradients.add_rows("embedding", batch.ids(), upstream, self.vocab);
    }

    fn num_blocks(&self) -> usize {
        self.blocks.len()
    }

    fn block(&self, index: usize, x: Tensor<2>, attend: Attend<'_>) -> Tensor<2> {
        self.blocks[index].forward(x, index, attend)
    }

    fn head(&self) -> Head {
        let (weight, packed) = match &self.head {
            Some(head) => (head.weight.val(), head.packed.clone()),
            None => (self.embedding.val(), self.packed_embedding.clone()),
        };
        let norm = self.norm.scale();
        // Divided in the norm, which is as good and cheaper than in the logits.
        let norm = if self.logits_divisor == 1.0 { norm } else { norm.div_scalar(self.logits_divisor) };
        Head { norm, epsilon: self.norm.epsilon, weight, packed }
    }

    fn pack(&self, packing: Packing) -> Result<Option<Self>, QuantError> {
        let mut packed = self.clone();
        packed.blocks.iter_mut().flat_map(Block::linears_mut).try_for_each(|linear| linear.pack(packing))?;
        match &mut packed.head {
            Some(head) => head.pack(packing)?,
            None if packed.packed_embedding.is_none() => {
                packed.packed_embedding = Some(PackedMatrix::pack(packing, self.embedding.val())?);
            }
            None => {}
        }
        Ok(Some(packed))
    }

    fn cache_spec(&self) -> CacheSpec {
        CacheSpec {
            layers: self.blocks.iter().map(Block::memory).collect(),
            context: self.context,
            vocab: self.vocab,
        }
    }
}

fn scaled(x: Tensor<2>, scale: f64) -> Tensor<2> {
    if scale == 1.0 { x } else { x.mul_scalar(scale) }
}
