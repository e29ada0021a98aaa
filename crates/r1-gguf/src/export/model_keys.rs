//! Keys of a model from its config.json.

use serde_json::Value as Json;

use super::{FileType, limits};
use crate::config::Architecture;
use crate::{GgufError, Metadata, Value};

/// Names in config.json and, behind the architecture's name, in a file. The first are in every config.
const NUMBERS: [(&str, &str, bool); 12] = [
    ("num_hidden_layers", "block_count", true),
    ("max_position_embeddings", "context_length", true),
    ("hidden_size", "embedding_length", true),
    ("intermediate_size", "feed_forward_length", true),
    ("num_attention_heads", "attention.head_count", true),
    ("num_key_value_heads", "attention.head_count_kv", false),
    ("head_dim", "attention.key_length", false),
    ("head_dim", "attention.value_length", false),
    ("num_experts", "expert_count", false),
    ("num_experts_per_tok", "expert_used_count", false),
    ("moe_intermediate_size", "expert_feed_forward_length", false),
    ("shared_expert_intermediate_size", "expert_shared_feed_forward_length", false),
];

const WIDEST_HEAD: u64 = 1 << 16;

pub(super) fn metadata(config: &Json, file_type: FileType) -> Result<(Architecture, Metadata), GgufError> {
    let model_type = config["model_type"].as_str().unwrap_or("(none)");
    let (architecture, prefix) = match model_type {
        // Mistral is a llama to llama.cpp; a sliding window would be lost.
        "mistral" if !config["sliding_window"].is_null() => {
            return Err(wrong(
                "sliding_window",
                &config["sliding_window"],
                "null: a window cannot be written",
            ));
        }
        "llama" | "mistral" => (Architecture::Llama, "llama"),
        "qwen2" => (Architecture::Qwen2, "qwen2"),
        "qwen3" => (Architecture::Qwen3, "qwen3"),
        "qwen2_moe" => (Architecture::Qwen2Moe, "qwen2moe"),
        "qwen3_moe" => (Architecture::Qwen3Moe, "qwen3moe"),
        other => return Err(GgufError::Architecture { architecture: format!("{other} (to be written)") }),
    };
    limits::check(config, architecture)?;
    let mut metadata = Metadata::default();
    metadata.set("general.architecture", Value::String(prefix.into()));
    metadata.set("general.type", Value::String("model".into()));
    metadata.set("general.file_type", Value::U32(file_type.id()));
    metadata.set("general.quantization_version", Value::U32(2));
    let key = |name: &str| format!("{prefix}.{name}");
    for (name, own, needed) in NUMBERS {
        match (&config[name], needed) {
            (Json::Null, false) => {}
            (value, _) => {
                let number = value.as_u64().and_then(|number| u32::try_from(number).ok());
                let number = number.ok_or_else(|| wrong(name, value, "a whole number"))?;
                metadata.set(key(own), Value::U32(number));
            }
        }
    }
    let epsilon = &config["rms_norm_eps"];
    let epsilon = epsilon.as_f64().ok_or_else(|| wrong("rms_norm_eps", epsilon, "a number"))?;
    metadata.set(key("attention.layer_norm_rms_epsilon"), Value::F32(epsilon as f32));
    if let Some(head_dim) = head_dim(config) {
        if head_dim > WIDEST_HEAD {
            return Err(wrong("head_dim", &head_dim.into(), "a number up to 65536"));
        }
        metadata.set(key("rope.dimension_count"), Value::U32(head_dim as u32));
    }
    metadata.set(key("rope.freq_base"), Value::F32(rope_base(config) as f32));
    scaling(config, &mut metadata, &key)?;
    Ok((architecture, metadata))
}

/// Width of a head: named, or the share of one head.
pub(super) fn head_dim(config: &Json) -> Option<u64> {
    let share = || config["hidden_size"].as_u64()?.checked_div(config["num_attention_heads"].as_u64()?);
    config["head_dim"].as_u64().or_else(share)
}

/// Base of the rotary frequencies, where old and new configs have it.
pub(super) fn rope_base(config: &Json) -> f64 {
    config["rope_theta"].as_f64().or(config["rope_parameters"]["rope_theta"].as_f64()).unwrap_or(10000.0)
}

/// Scaling of rotary positions, where old and new configs have it; its kind.
pub(super) fn rope_scaling(config: &Json) -> (&Json, &str) {
    let found =
        [&config["rope_scaling"], &config["rope_parameters"]].into_iter().find(|json| json.is_object());
    let scaling = found.unwrap_or(&Json::Null);
    (scaling, scaling["rope_type"].as_str().or(scaling["type"].as_str()).unwrap_or("default"))
}

fn scaling(config: &Json, metadata: &mut Metadata, key: &impl Fn(&str) -> String) -> Result<(), GgufError> {
    let (scaling, kind) = rope_scaling(config);
    limits::check_scaling(scaling)?;
    match kind {
        // Llama 3's is a tensor.
        "default" | "llama3" => return Ok(()),
        "yarn" | "linear" => {}
        other => {
            return Err(wrong("rope_scaling", &Json::String(other.into()), "llama3, yarn, linear or none"));
        }
    }
    let factor = &scaling["factor"];
    let number = factor.as_f64().ok_or_else(|| wrong("rope_scaling.factor", factor, "a number"))?;
    metadata.set(key("rope.scaling.type"), Value::String(kind.into()));
    metadata.set(key("rope.scaling.factor"), Value::F32(number as f32));
    if let Some(original) = scaling["original_max_position_embeddings"].as_u64() {
        metadata.set(key("rope.scaling.original_context_length"), Value::U32(original as u32));
    }
    for (name, own) in [("beta_fast", "yarn_beta_fast"), ("beta_slow", "yarn_beta_slow")] {
        if let Some(beta) = scaling[name].as_f64() {
            metadata.set(key(&format!("rope.scaling.{own}")), Value::F32(beta as f32));
        }
    }
    Ok(())
}

pub(super) fn wrong(key: &str, found: &Json, expected: &str) -> GgufError {
    GgufError::Value { key: key.into(), found: found.to_string(), expected: expected.into() }
}
