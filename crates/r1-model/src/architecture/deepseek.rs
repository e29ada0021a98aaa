//! DeepSeek-V3 and R1: latent attention, a few dense layers, then experts chosen in groups by corrected sigmoids.

use std::sync::Arc;

use super::Family;
use crate::{
    Initial, ModelConfig, ModelError, Parameters,
    config::{Fields, RopeScaling},
    kernels::Heads,
    nn::{Activation, Block, LatentAttention, LatentShape, Mlp, MlpShape, Moe, MoeShape, RmsNorm, Routing},
};

#[derive(Debug, Clone)]
struct DeepSeek {
    latent: LatentShape,
    routing: Routing,
    /// Width of one expert, and of the shared ones together.
    expert: usize,
    shared: usize,
    /// Layers before the first with experts.
    dense: usize,
}

pub(super) fn v3(fields: &mut Fields<'_>, config: &mut ModelConfig) -> Result<Arc<dyn Family>, ModelError> {
    fields.silu()?;
    for (name, only) in [("scoring_func", "sigmoid"), ("topk_method", "noaux_tc")] {
        fields.must_be(name, only)?;
    }
    fields.must_be("moe_layer_freq", 1)?;
    fields.used.extend([
        "output_router_logits",
        "aux_loss_alpha",
        "seq_aux",
        "ep_size",
        "qk_head_dim",
        "n_routed_experts",
    ]);
    let (still, rotated) = (fields.count("qk_nope_head_dim")?, fields.count("qk_rope_head_dim")?);
    let (value, latent) = (fields.count("v_head_dim")?, fields.count("kv_lora_rank")?);
    let (width, count) = (still + rotated, config.heads.heads);
    if value > width || rotated % 2 != 0 || width > 1 << 14 || latent > 1 << 18 || width * count > 1 << 20 {
        return Err((fields.fail)(format!(
            "keys of {still} + {rotated} dimensions, values of {value} and a latent row of {latent} are no widths of an \
             attention layer that r1 builds"
        )));
    }
    // Scores grow with the stretched context.
    let all = fields.raw.get("rope_parameters").or(fields.raw.get("rope_scaling"));
    let all = all.and_then(|rope| rope["mscale_all_dim"].as_f64()).unwrap_or(0.0);
    let growth = match &config.rope.scaling {
        RopeScaling::Yarn { factor, .. } if *factor > 1.0 => 0.1 * all * factor.ln() + 1.0,
        _ => 1.0,
    };
    let growth = if all == 0.0 { 1.0 } else { growth };
    let scale = growth * growth / (width as f64).sqrt();
    config.heads = Heads::new(count, count, width).with_scale(scale as f32);
    let other_name = fields.optional_count("num_local_experts")?;
    let routing = Routing {
        experts: other_name.map_or_else(|| fields.count("n_routed_experts"), Ok)?,
        chosen: fields.count("num_experts_per_tok")?,
        sigmoid: true,
        groups: [fields.count("n_group")?, fields.count("topk_group")?],
        two_best: true,
        normalize: fields.flag_or("norm_topk_prob", true)?,
        scale: fields.number_or("routed_scaling_factor", 2.5)?,
    };
    routing.check().map_err(|reason| (fields.fail)(reason))?;
    let expert = fields.count("moe_intermediate_size")?;
    let latent = LatentShape {
        d_model: config.d_model,
        heads: config.heads,
        query_latent: fields.optional_count("q_lora_rank")?,
        latent,
        still,
        rotated,
        value,
        bias: fields.flag("attention_bias")?,
        interleaved: fields.flag_or("rope_interleave", true)?,
        initial_output: Initial::residual(config.layers),
    };
    let shared = expert * fields.optional_count("n_shared_experts")?.unwrap_or(1);
    let dense = fields.take("first_k_dense_replace").map_or(Some(3), |count| count.as_u64());
    let dense = dense.ok_or_else(|| (fields.fail)("first_k_dense_replace is no count of layers".into()))?;
    Ok(Arc::new(DeepSeek { latent, routing, expert, shared, dense: dense as usize }))
}

impl Family for DeepSeek {
    fn block(&self, config: &ModelConfig, index: usize, at: &mut Parameters<'_>) -> Block {
        let (d_model, epsilon) = (config.d_model, config.norm_epsilon);
        let rotary = at.rotary(&config.rope, self.latent.rotated, config.context);
        let mlp = MlpShape {
            d_model,
            d_ff: config.d_ff,
            bias: false,
            activation: Activation::Silu,
            fused: false,
            output: Initial::residual(config.layers),
        };
        let shape = MoeShape {
            routing: self.routing,
            corrected: true,
            expert: MlpShape { d_ff: self.expert, ..mlp },
            shared: Some((self.shared, "shared_experts")),
            gated: false,
        };
        let sparse = index >= self.dense;
        Block {
            attention_norm: Some(RmsNorm::build(
                at.at("attention_norm", "input_layernorm"),
                d_model,
                epsilon,
            )),
            attention: None,
            latent: Some(LatentAttention::build(at.at("latent", "self_attn"), self.latent, rotary)),
            attention_output_norm: None,
            mlp_norm: Some(RmsNorm::build(at.at("mlp_norm", "post_attention_layernorm"), d_model, epsilon)),
            mlp: (!sparse).then(|| Mlp::build(at.at("mlp", "mlp"), mlp)),
            moe: sparse.then(|| Moe::build(at.at("moe", "mlp"), shape)),
            mlp_output_norm: None,
            residual_scale: 1.0,
        }
    }
}
