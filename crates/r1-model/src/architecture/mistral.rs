//! Mistral: Llama whose tokens attend to the last few thousand only.

use std::sync::Arc;

use super::{Family, llama::Llama};
use crate::{
    ModelConfig, ModelError, Parameters,
    config::Fields,
    nn::{Block, HeadNorm},
};

#[derive(Debug, Clone)]
struct Mistral(Llama);

pub(super) fn read(fields: &mut Fields<'_>, config: &mut ModelConfig) -> Result<Arc<dyn Family>, ModelError> {
    fields.silu()?;
    fields.must_be("attention_bias", false)?;
    fields.must_be("mlp_bias", false)?;
    // The config class has no list of layer types.
    fields.used.push("layer_types");
    let windows = vec![fields.window_or(Some(4096))?; config.layers];
    let llama =
        Llama { bias: false, output_bias: false, mlp_bias: false, head_norm: HeadNorm::None, windows };
    Ok(Arc::new(Mistral(llama)))
}

impl Family for Mistral {
    fn block(&self, config: &ModelConfig, index: usize, parameters: &mut Parameters<'_>) -> Block {
        Llama::pre_norm(config, &self.0.attention(config, index), self.0.mlp(config), true, parameters)
    }
}
