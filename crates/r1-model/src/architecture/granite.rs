//! Granite: Llama with factors on embeddings, scores, residual additions and logits.

use std::sync::Arc;

use super::{Family, llama::Llama};
use crate::{
    ModelConfig, ModelError, Parameters,
    config::Fields,
    nn::{Block, HeadNorm},
};

#[derive(Debug, Clone)]
struct Granite {
    llama: Llama,
    embedding: f64,
    residual: f64,
    logits: f64,
}

pub(super) fn read(fields: &mut Fields<'_>, config: &mut ModelConfig) -> Result<Arc<dyn Family>, ModelError> {
    fields.silu()?;
    let bias = fields.flag("attention_bias")?;
    let mlp_bias = fields.flag("mlp_bias")?;
    let scale = fields.number_or("attention_multiplier", 1.0)?;
    config.heads = config.heads.with_scale(scale as f32);
    Ok(Arc::new(Granite {
        llama: Llama { bias, output_bias: bias, mlp_bias, head_norm: HeadNorm::None, windows: Vec::new() },
        embedding: fields.number_or("embedding_multiplier", 1.0)?,
        residual: fields.number_or("residual_multiplier", 1.0)?,
        logits: fields.number_or("logits_scaling", 1.0)?,
    }))
}

impl Family for Granite {
    fn block(&self, config: &ModelConfig, index: usize, parameters: &mut Parameters<'_>) -> Block {
        let (attention, mlp) = (self.llama.attention(config, index), self.llama.mlp(config));
        let block = Llama::pre_norm(config, &attention, mlp, true, parameters);
        Block { residual_scale: self.residual, ..block }
    }

    fn embedding_scale(&self, _: &ModelConfig) -> f64 {
        self.embedding
    }

    fn logits_divisor(&self) -> f64 {
        self.logits
    }
}
