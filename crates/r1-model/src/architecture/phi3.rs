//! Phi-3 and Phi-4-mini: Llama whose projections are stored fused, with a share of each head rotated and divisors of
//! its own for each frequency (LongRoPE).

use std::sync::Arc;

use super::{Family, llama::Llama};
use crate::{
    ModelConfig, ModelError, Parameters,
    config::Fields,
    nn::{AttentionShape, Block, HeadNorm, MlpShape},
};

#[derive(Debug, Clone)]
struct Phi3(Llama);

pub(super) fn read(fields: &mut Fields<'_>, config: &mut ModelConfig) -> Result<Arc<dyn Family>, ModelError> {
    fields.silu()?;
    fields.used.extend(["resid_pdrop", "embd_pdrop", "auto_map"]);
    fields.must_be("attention_bias", false)?;
    fields.must_be("lm_head_bias", false)?;
    fields.used.push("layer_types");
    let windows = vec![fields.window_or(None)?; config.layers];
    let llama =
        Llama { bias: false, output_bias: false, mlp_bias: false, head_norm: HeadNorm::None, windows };
    Ok(Arc::new(Phi3(llama)))
}

impl Family for Phi3 {
    fn block(&self, config: &ModelConfig, index: usize, parameters: &mut Parameters<'_>) -> Block {
        let attention = AttentionShape { fused: true, ..self.0.attention(config, index) };
        let mlp = MlpShape { fused: true, ..self.0.mlp(config) };
        Llama::pre_norm(config, &attention, mlp, true, parameters)
    }
}
