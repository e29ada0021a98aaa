//! Llama, Qwen2 and Qwen3: pre-norm blocks with rotary embedding, grouped queries and SwiGLU. Qwen2 has biases of
//! queries, keys and values, Qwen3 a norm of each query and key head.

use std::sync::Arc;

use super::Family;
use crate::{
    Initial, ModelConfig, ModelError, Parameters,
    config::Fields,
    kernels::RotaryTable,
    nn::{Activation, Attention, AttentionShape, Block, HeadNorm, Mlp, MlpShape, RmsNorm},
};

/// What decides the blocks of these families.
#[derive(Debug, Clone)]
pub(super) struct Llama {
    pub(super) bias: bool,
    pub(super) output_bias: bool,
    pub(super) mlp_bias: bool,
    pub(super) head_norm: HeadNorm,
    /// How many tokens each layer sees; none where the list is empty.
    pub(super) windows: Vec<Option<usize>>,
}

pub(super) fn llama(fields: &mut Fields<'_>, _: &mut ModelConfig) -> Result<Arc<dyn Family>, ModelError> {
    fields.silu()?;
    let bias = fields.flag("attention_bias")?;
    let mlp_bias = fields.flag("mlp_bias")?;
    // A window may be described; transformers' Llama has none.
    fields.used.extend(["sliding_window", "use_sliding_window", "max_window_layers", "layer_types"]);
    Ok(Arc::new(Llama { bias, output_bias: bias, mlp_bias, head_norm: HeadNorm::None, windows: Vec::new() }))
}

pub(super) fn qwen2(
    fields: &mut Fields<'_>,
    config: &mut ModelConfig,
) -> Result<Arc<dyn Family>, ModelError> {
    fields.silu()?;
    fields.must_be("use_mrope", false)?;
    // The config class of Qwen2 has no switch for it.
    fields.used.extend(["attention_bias", "mlp_bias"]);
    let windows = windows(fields, config)?;
    Ok(Arc::new(Llama {
        bias: true,
        output_bias: false,
        mlp_bias: false,
        head_norm: HeadNorm::None,
        windows,
    }))
}

pub(super) fn qwen3(
    fields: &mut Fields<'_>,
    config: &mut ModelConfig,
) -> Result<Arc<dyn Family>, ModelError> {
    fields.silu()?;
    fields.must_be("use_mrope", false)?;
    fields.must_be("mlp_bias", false)?;
    let bias = fields.flag("attention_bias")?;
    let windows = windows(fields, config)?;
    Ok(Arc::new(Llama { bias, output_bias: bias, mlp_bias: false, head_norm: HeadNorm::Heads, windows }))
}

/// Qwen's windows: of the layers from `max_window_layers` on, where they are switched on.
fn windows(fields: &mut Fields<'_>, config: &ModelConfig) -> Result<Vec<Option<usize>>, ModelError> {
    let on = fields.flag("use_sliding_window")?;
    let window = fields.window_or(Some(4096))?.filter(|_| on);
    let first = fields.optional_count("max_window_layers")?.unwrap_or(28);
    fields.layer_windows(config.layers, window, |layer| window.is_some() && layer >= first)
}

impl Llama {
    /// The shape of attention, which other families change.
    pub(super) fn attention(&self, config: &ModelConfig, layer: usize) -> AttentionShape {
        let window = self.windows.get(layer).copied().flatten();
        AttentionShape {
            d_model: config.d_model,
            heads: config.heads.with_window(window),
            bias: self.bias,
            output_bias: self.output_bias,
            head_norm: self.head_norm,
            epsilon: config.norm_epsilon,
            fused: false,
            order: config.rope.order(config.heads.head_dim, false),
            output: Initial::residual(config.layers),
        }
    }

    /// The shape of the feed-forward layer, which other families change.
    pub(super) fn mlp(&self, config: &ModelConfig) -> MlpShape {
        MlpShape {
            d_model: config.d_model,
            d_ff: config.d_ff,
            bias: self.mlp_bias,
            activation: Activation::Silu,
            fused: false,
            output: Initial::residual(config.layers),
        }
    }

    /// A block with norms in front of its layers.
    pub(super) fn pre_norm(
        config: &ModelConfig,
        attention: &AttentionShape,
        mlp: MlpShape,
        rotated: bool,
        at: &mut Parameters<'_>,
    ) -> Block {
        let rotary = rotated.then(|| at.rotary(&config.rope, config.heads.head_dim, config.context));
        let (attention_norm, attention, mlp_norm) = Self::half(config, attention, rotary, at);
        Block {
            attention_norm: Some(attention_norm),
            attention: Some(attention),
            latent: None,
            attention_output_norm: None,
            mlp_norm: Some(mlp_norm),
            mlp: Some(Mlp::build(at.at("mlp", "mlp"), mlp)),
            moe: None,
            mlp_output_norm: None,
            residual_scale: 1.0,
        }
    }

    /// Both norms and attention of such a block.
    pub(super) fn half(
        config: &ModelConfig,
        attention: &AttentionShape,
        rotary: Option<Arc<RotaryTable>>,
        at: &mut Parameters<'_>,
    ) -> (RmsNorm, Attention, RmsNorm) {
        let (d, epsilon) = (config.d_model, config.norm_epsilon);
        (
            RmsNorm::build(at.at("attention_norm", "input_layernorm"), d, epsilon),
            Attention::build(at.at("attention", "self_attn"), attention, rotary),
            RmsNorm::build(at.at("mlp_norm", "post_attention_layernorm"), d, epsilon),
        )
    }
}

impl Family for Llama {
    fn block(&self, config: &ModelConfig, index: usize, parameters: &mut Parameters<'_>) -> Block {
        Self::pre_norm(config, &self.attention(config, index), self.mlp(config), true, parameters)
    }
}
