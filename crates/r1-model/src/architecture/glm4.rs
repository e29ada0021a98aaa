//! GLM-4: norms in front of the layers and behind them, and half of each head rotated, in pairs of neighbours.

use std::sync::Arc;

use super::{Family, llama::Llama};
use crate::{
    ModelConfig, ModelError, Parameters,
    config::Fields,
    nn::{Attention, AttentionShape, Block, HeadNorm, Mlp, MlpShape, RmsNorm},
};

#[derive(Debug, Clone)]
struct Glm4(Llama);

pub(super) fn read(fields: &mut Fields<'_>, _: &mut ModelConfig) -> Result<Arc<dyn Family>, ModelError> {
    fields.silu()?;
    let bias = fields.flag_or("attention_bias", true)?;
    Ok(Arc::new(Glm4(Llama {
        bias,
        output_bias: false,
        mlp_bias: false,
        head_norm: HeadNorm::None,
        windows: Vec::new(),
    })))
}

impl Family for Glm4 {
    fn block(&self, config: &ModelConfig, index: usize, at: &mut Parameters<'_>) -> Block {
        let (d, epsilon) = (config.d_model, config.norm_epsilon);
        let rotary = at.rotary(&config.rope, config.heads.head_dim, config.context);
        let order = config.rope.order(config.heads.head_dim, true);
        let attention = AttentionShape { order, ..self.0.attention(config, index) };
        let mut norm = |path: &str, name: &str| Some(RmsNorm::build(at.at(path, name), d, epsilon));
        let attention_norm = norm("attention_norm", "input_layernorm");
        let attention_output_norm = norm("attention_output_norm", "post_self_attn_layernorm");
        let mlp_norm = norm("mlp_norm", "post_attention_layernorm");
        let mlp_output_norm = norm("mlp_output_norm", "post_mlp_layernorm");
        Block {
            attention_norm,
            attention: Some(Attention::build(at.at("attention", "self_attn"), &attention, Some(rotary))),
            latent: None,
            attention_output_norm,
            mlp_norm,
            mlp: Some(Mlp::build(at.at("mlp", "mlp"), MlpShape { fused: true, ..self.0.mlp(config) })),
            moe: None,
            mlp_output_norm,
            residual_scale: 1.0,
        }
    }
}
