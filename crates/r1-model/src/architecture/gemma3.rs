//! Gemma 3 (text): norms in front of the layers and behind them, whose weights are stored as differences from 1, GELU,
//! and five layers with a window and rotary frequencies of their own for each that sees everything.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::{Defaults, Family, llama::Llama};
use crate::{
    ModelConfig, ModelError, Parameters,
    config::{Fields, Rope},
    nn::{Activation, Attention, AttentionShape, Block, HeadNorm, Mlp, MlpShape, RmsNorm},
};

#[derive(Debug, Clone)]
struct Gemma3 {
    llama: Llama,
    /// Rotary embedding of the layers with a window; the config's is that of the others.
    local: Rope,
}

pub(super) fn read(fields: &mut Fields<'_>, config: &mut ModelConfig) -> Result<Arc<dyn Family>, ModelError> {
    fields.must_be("hidden_activation", "gelu_pytorch_tanh")?;
    fields.must_be("hidden_act", "gelu_pytorch_tanh")?;
    for soft in ["final_logit_softcapping", "attn_logit_softcapping"] {
        fields.must_be(soft, Value::Null)?;
    }
    fields.must_be("use_bidirectional_attention", false)?;
    fields.used.push("query_pre_attn_scalar");
    let bias = fields.flag("attention_bias")?;
    let scalar = fields.number_or("query_pre_attn_scalar", 256.0)?;
    config.heads = config.heads.with_scale((1.0 / scalar.sqrt()) as f32);
    let window = fields.window_or(Some(4096))?;
    let interval = fields.optional_count("sliding_window_pattern")?.unwrap_or(6);
    let interval = fields.optional_count("_sliding_window_pattern")?.unwrap_or(interval);
    let windows = fields.layer_windows(config.layers, window, |layer| (layer + 1) % interval != 0)?;
    let nothing = Map::new();
    let nested = fields.take("rope_parameters").and_then(Value::as_object).unwrap_or(&nothing);
    let of = |kind: &str| nested.get(kind).and_then(Value::as_object).cloned().unwrap_or_default();
    let (mut global, mut local) = (of("full_attention"), of("sliding_attention"));
    if let Some(scaling) = fields.take("rope_scaling").and_then(Value::as_object) {
        global.extend(scaling.clone());
    }
    let outer = [("rope_theta", 1e6, &mut global), ("rope_local_base_freq", 1e4, &mut local)];
    for (name, default, inner) in outer {
        let theta = fields.number_or(name, default)?;
        inner.entry("rope_theta").or_insert(theta.into());
    }
    config.rope = Rope::read(fields, &global, config.context, &Defaults::COMMON)?;
    let local = Rope::read(fields, &local, config.context, &Defaults::COMMON)?;
    let llama = Llama { bias, output_bias: bias, mlp_bias: false, head_norm: HeadNorm::OffsetHeads, windows };
    Ok(Arc::new(Gemma3 { llama, local }))
}

impl Family for Gemma3 {
    fn block(&self, config: &ModelConfig, index: usize, at: &mut Parameters<'_>) -> Block {
        let (d, epsilon) = (config.d_model, config.norm_epsilon);
        let attention = self.llama.attention(config, index);
        let rope = if attention.heads.window.is_some() { &self.local } else { &config.rope };
        let rotary = at.rotary(rope, config.heads.head_dim, config.context);
        let attention = AttentionShape { order: rope.order(config.heads.head_dim, false), ..attention };
        let mlp = MlpShape { activation: Activation::GeluTanh, ..self.llama.mlp(config) };
        let mut norm = |path: &str, name: &str| Some(RmsNorm::build_offset(at.at(path, name), d, epsilon));
        let attention_norm = norm("attention_norm", "input_layernorm");
        let attention_output_norm = norm("attention_output_norm", "post_attention_layernorm");
        let mlp_norm = norm("mlp_norm", "pre_feedforward_layernorm");
        let mlp_output_norm = norm("mlp_output_norm", "post_feedforward_layernorm");
        Block {
            attention_norm,
            attention: Some(Attention::build(at.at("attention", "self_attn"), &attention, Some(rotary))),
            latent: None,
            attention_output_norm,
            mlp_norm,
            mlp: Some(Mlp::build(at.at("mlp", "mlp"), mlp)),
            moe: None,
            mlp_output_norm,
            residual_scale: 1.0,
        }
    }

    fn norm(&self, config: &ModelConfig, parameters: Parameters<'_>) -> RmsNorm {
        RmsNorm::build_offset(parameters, config.d_model, config.norm_epsilon)
    }

    fn embedding_scale(&self, config: &ModelConfig) -> f64 {
        (config.d_model as f64).sqrt()
    }
}
