//! Qwen2-MoE and Qwen3-MoE: Qwen2 and Qwen3 whose feed-forward layers are mixtures of experts.

use std::sync::Arc;

use super::{Family, llama::Llama};
use crate::{
    ModelConfig, ModelError, Parameters,
    config::Fields,
    nn::{Block, HeadNorm, MlpShape, Moe, MoeShape, Routing},
};

#[derive(Debug, Clone)]
struct QwenMoe {
    llama: Llama,
    routing: Routing,
    /// Width of one expert.
    expert: usize,
    /// Width of the shared one, which has a gate.
    shared: Option<usize>,
    /// Whether each layer has experts.
    sparse: Vec<bool>,
}

pub(super) fn qwen2(
    fields: &mut Fields<'_>,
    config: &mut ModelConfig,
) -> Result<Arc<dyn Family>, ModelError> {
    let bias = fields.flag_or("qkv_bias", true)?;
    let shared = Some(fields.optional_count("shared_expert_intermediate_size")?.unwrap_or(5632));
    read(fields, config, (bias, false, HeadNorm::None), [1408, 4, 60], shared)
}

pub(super) fn qwen3(
    fields: &mut Fields<'_>,
    config: &mut ModelConfig,
) -> Result<Arc<dyn Family>, ModelError> {
    let bias = fields.flag("attention_bias")?;
    read(fields, config, (bias, bias, HeadNorm::Heads), [768, 8, 128], None)
}

/// `defaults`: width of an expert, experts of a token, experts there are.
fn read(
    fields: &mut Fields<'_>,
    config: &mut ModelConfig,
    (bias, output_bias, head_norm): (bool, bool, HeadNorm),
    defaults: [usize; 3],
    shared: Option<usize>,
) -> Result<Arc<dyn Family>, ModelError> {
    fields.silu()?;
    fields.used.extend(["output_router_logits", "router_aux_loss_coef"]);
    fields.must_be("use_sliding_window", false)?;
    fields.used.extend(["sliding_window", "max_window_layers"]);
    let windows = fields.layer_windows(config.layers, None, |_| false)?;
    let names = ["moe_intermediate_size", "num_experts_per_tok", "num_experts"];
    let mut sizes = defaults;
    for (size, name) in sizes.iter_mut().zip(names) {
        *size = fields.optional_count(name)?.unwrap_or(*size);
    }
    // What transformers 5 calls it when it writes a config.
    sizes[2] = fields.optional_count("num_local_experts")?.unwrap_or(sizes[2]);
    let [expert, chosen, experts] = sizes;
    let routing = Routing {
        experts,
        chosen,
        sigmoid: false,
        groups: [1, 1],
        two_best: false,
        normalize: fields.flag("norm_topk_prob")?,
        scale: 1.0,
    };
    routing.check().map_err(|reason| (fields.fail)(reason))?;
    let step = fields.optional_count("decoder_sparse_step")?.unwrap_or(1);
    let dense = match fields.take("mlp_only_layers") {
        None => Vec::new(),
        Some(list) => {
            let layers = list.as_array().and_then(|list| list.iter().map(|layer| layer.as_u64()).collect());
            let layers: Option<Vec<u64>> = layers;
            layers.ok_or_else(|| {
                (fields.fail)(format!("mlp_only_layers is {list}; expected layers' numbers"))
            })?
        }
    };
    let sparse = |layer: usize| (layer + 1).is_multiple_of(step) && !dense.contains(&(layer as u64));
    let sparse = (0..config.layers).map(sparse).collect();
    let llama = Llama { bias, output_bias, mlp_bias: false, head_norm, windows };
    Ok(Arc::new(QwenMoe { llama, routing, expert, shared, sparse }))
}

impl Family for QwenMoe {
    fn block(&self, config: &ModelConfig, index: usize, parameters: &mut Parameters<'_>) -> Block {
        let (attention, mlp) = (self.llama.attention(config, index), self.llama.mlp(config));
        if !self.sparse[index] {
            return Llama::pre_norm(config, &attention, mlp, true, parameters);
        }
        let shape = MoeShape {
            routing: self.routing,
            corrected: false,
            expert: MlpShape { d_ff: self.expert, ..mlp },
            shared: self.shared.map(|width| (width, "shared_expert")),
            gated: self.shared.is_some(),
        };
        let rotary = parameters.rotary(&config.rope, config.heads.head_dim, config.context);
        let (attention_norm, attention, mlp_norm) = Llama::half(config, &attention, Some(rotary), parameters);
        Block {
            attention_norm: Some(attention_norm),
            attention: Some(attention),
            latent: None,
            attention_output_norm: None,
            mlp_norm: Some(mlp_norm),
            mlp: None,
            moe: Some(Moe::build(parameters.at("moe", "mlp"), shape)),
            mlp_output_norm: None,
            residual_scale: 1.0,
        }
    }
}
