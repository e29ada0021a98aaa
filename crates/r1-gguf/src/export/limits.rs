//! Settings of config.json that change what a model computes and that a file cannot say.

use serde_json::Value as Json;

use super::model_keys::wrong;
use crate::GgufError;
use crate::config::Architecture;

/// Keys of a rope scaling that are written, or that name the usual.
const SCALING: [&str; 9] = [
    "rope_type",
    "type",
    "rope_theta",
    "factor",
    "original_max_position_embeddings",
    "beta_fast",
    "beta_slow",
    "low_freq_factor",
    "high_freq_factor",
];

/// Refuses a config whose model llama.cpp would compute in another way.
pub(super) fn check(config: &Json, architecture: Architecture) -> Result<(), GgufError> {
    only(config, "hidden_act", "silu")?;
    if let share @ Some(_) = config["partial_rotary_factor"].as_f64().filter(|share| *share != 1.0) {
        return Err(wrong("partial_rotary_factor", &share.into(), "1: all of a head is rotated"));
    }
    for layer in config["layer_types"].as_array().into_iter().flatten() {
        if layer != "full_attention" {
            return Err(wrong("layer_types", layer, "full_attention in all layers"));
        }
    }
    if config["use_sliding_window"] == true && !config["sliding_window"].is_null() {
        return Err(wrong("use_sliding_window", &true.into(), "false: a window cannot be written"));
    }
    // What llama.cpp does with experts goes by the architecture.
    if matches!(architecture, Architecture::Qwen2Moe | Architecture::Qwen3Moe) {
        let normalised = architecture == Architecture::Qwen3Moe;
        if (config["norm_topk_prob"] == true) != normalised {
            return Err(wrong("norm_topk_prob", &config["norm_topk_prob"], &normalised.to_string()));
        }
        if config["mlp_only_layers"].as_array().is_some_and(|layers| !layers.is_empty()) {
            return Err(wrong("mlp_only_layers", &config["mlp_only_layers"], "[]: experts in all layers"));
        }
        if config["decoder_sparse_step"].as_u64().is_some_and(|step| step != 1) {
            return Err(wrong("decoder_sparse_step", &config["decoder_sparse_step"], "1"));
        }
    }
    Ok(())
}

/// Refuses a rope scaling with further settings.
pub(super) fn check_scaling(scaling: &Json) -> Result<(), GgufError> {
    let further = scaling.as_object().into_iter().flatten();
    match further.into_iter().find(|(key, value)| !value.is_null() && !SCALING.contains(&key.as_str())) {
        Some((key, value)) if key == "partial_rotary_factor" && value.as_f64() == Some(1.0) => Ok(()),
        Some((key, value)) => {
            Err(wrong(&format!("rope_scaling.{key}"), value, "nothing: a file has no key for it"))
        }
        None => Ok(()),
    }
}

fn only(config: &Json, key: &str, expected: &str) -> Result<(), GgufError> {
    if config[key].is_null() || config[key] == expected {
        Ok(())
    } else {
        Err(wrong(key, &config[key], expected))
    }
}
