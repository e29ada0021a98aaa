//! Fields of mixtures of experts, and of DeepSeek's latent attention.

use serde_json::{Map, Value, json};

use super::Architecture;
use super::fields::Fields;
use crate::weights::layer_of;
use crate::{Gguf, GgufError};

pub(super) fn qwen(
    gguf: &Gguf,
    fields: &Fields,
    architecture: Architecture,
    config: &mut Map<String, Value>,
) -> Result<(), GgufError> {
    config.insert("num_experts".into(), json!(fields.need("expert_count")?));
    config.insert("num_experts_per_tok".into(), json!(fields.need("expert_used_count")?));
    config.insert("moe_intermediate_size".into(), json!(fields.need("expert_feed_forward_length")?));
    if architecture == Architecture::Qwen2Moe {
        let shared = fields.need("expert_shared_feed_forward_length")?;
        config.insert("shared_expert_intermediate_size".into(), json!(shared));
    }
    // The file does not say it: all published models of the one kind normalise, none of the other.
    config.insert("norm_topk_prob".into(), json!(architecture == Architecture::Qwen3Moe));
    config.insert("decoder_sparse_step".into(), json!(1));
    let dense = gguf.tensors().filter(|tensor| tensor.name().ends_with(".ffn_gate.weight"));
    let dense: Vec<u64> = dense.filter_map(|tensor| layer_of(tensor.name())).collect();
    config.insert("mlp_only_layers".into(), json!(dense));
    Ok(())
}

/// Whether DeepSeek's router is that of V3: scores by sigmoid, with a bias for the choice.
pub(super) fn by_sigmoid(fields: &Fields) -> Result<bool, GgufError> {
    match fields.get::<u64>("expert_gating_func")? {
        None | Some(1) => Ok(false),
        Some(2) => Ok(true),
        Some(other) => Err(fields.wrong("expert_gating_func", other, "1 (softmax) or 2 (sigmoid)")),
    }
}

pub(super) fn deepseek(
    gguf: &Gguf,
    fields: &Fields,
    config: &mut Map<String, Value>,
) -> Result<(), GgufError> {
    let sigmoid = by_sigmoid(fields)?;
    let rope = fields.need("rope.dimension_count")?;
    let or = |mla: &str, plain: &str| match fields.size_of(mla)? {
        Some(length) => Ok(length),
        None => fields.need(plain),
    };
    let key = or("attention.key_length_mla", "attention.key_length")?;
    let value = or("attention.value_length_mla", "attention.value_length")?;
    let nope = key.checked_sub(rope).ok_or_else(|| {
        fields.wrong("attention.key_length", key, "at least the rotated part, `rope.dimension_count`")
    })?;
    let mut set = |name: &str, value: Value| config.insert(name.into(), value);
    set("num_key_value_heads", json!(fields.one_of("attention.head_count")?));
    set("attention_bias", json!(false));
    set("q_lora_rank", json!(fields.get::<u64>("attention.q_lora_rank")?.filter(|rank| *rank > 0)));
    set("kv_lora_rank", json!(fields.need("attention.kv_lora_rank")?));
    set("qk_nope_head_dim", json!(nope));
    set("qk_rope_head_dim", json!(rope));
    set("v_head_dim", json!(value));
    set("first_k_dense_replace", json!(fields.get::<u64>("leading_dense_block_count")?.unwrap_or(0)));
    set("moe_layer_freq", json!(1));
    set("n_routed_experts", json!(fields.need("expert_count")?));
    set("num_experts_per_tok", json!(fields.need("expert_used_count")?));
    set("n_shared_experts", json!(fields.get::<u64>("expert_shared_count")?.unwrap_or(0)));
    set("moe_intermediate_size", json!(fields.need("expert_feed_forward_length")?));
    set("routed_scaling_factor", json!(fields.get::<f64>("expert_weights_scale")?.unwrap_or(1.0)));
    set("norm_topk_prob", json!(fields.get::<bool>("expert_weights_norm")?.unwrap_or(sigmoid)));
    set("scoring_func", json!(if sigmoid { "sigmoid" } else { "softmax" }));
    set("topk_method", json!(if sigmoid { "noaux_tc" } else { "greedy" }));
    // Files from before these keys are of DeepSeek-V3 and R1, which choose 4 of 8 groups, or have no groups.
    let groups = if sigmoid && gguf.tensor("blk.3.exp_probs_b.bias").is_some() { (8, 4) } else { (1, 1) };
    set("n_group", json!(fields.get::<u64>("expert_group_count")?.unwrap_or(groups.0)));
    set("topk_group", json!(fields.get::<u64>("expert_group_used_count")?.unwrap_or(groups.1)));
    if let Some(further) = fields.get::<u64>("nextn_predict_layers")? {
        set("num_nextn_predict_layers", json!(further));
    }
    Ok(())
}
