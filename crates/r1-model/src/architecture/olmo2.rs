//! OLMo 2: norms behind the layers instead of in front of them, and of all query and key heads together.

use std::sync::Arc;

use super::{Family, llama::Llama};
use crate::{
    ModelConfig, ModelError, Parameters,
    config::Fields,
    nn::{Attention, Block, HeadNorm, Mlp, RmsNorm},
};

#[derive(Debug, Clone)]
struct Olmo2(Llama);

pub(super) fn read(fields: &mut Fields<'_>, _: &mut ModelConfig) -> Result<Arc<dyn Family>, ModelError> {
    fields.silu()?;
    let bias = fields.flag("attention_bias")?;
    fields.must_be("clip_qkv", serde_json::Value::Null)?;
    Ok(Arc::new(Olmo2(Llama {
        bias,
        output_bias: bias,
        mlp_bias: false,
        head_norm: HeadNorm::Whole,
        windows: Vec::new(),
    })))
}

impl Family for Olmo2 {
    fn block(&self, config: &ModelConfig, index: usize, at: &mut Parameters<'_>) -> Block {
        let (d, epsilon) = (config.d_model, config.norm_epsilon);
        let rotary = at.rotary(&config.rope, config.heads.head_dim, config.context);
        let mut norm = |path: &str, name: &str| Some(RmsNorm::build(at.at(path, name), d, epsilon));
        let attention_output_norm = norm("attention_output_norm", "post_attention_layernorm");
        let mlp_output_norm = norm("mlp_output_norm", "post_feedforward_layernorm");
        Block {
            attention_norm: None,
            attention: Some(Attention::build(
                at.at("attention", "self_attn"),
                &self.0.attention(config, index),
                Some(rotary),
            )),
            latent: None,
            attention_output_norm,
            mlp_norm: None,
            mlp: Some(Mlp::build(at.at("mlp", "mlp"), self.0.mlp(config))),
            moe: None,
            mlp_output_norm,
            residual_scale: 1.0,
        }
    }
}
