//! Sizes of layers and heads.

use std::collections::HashSet;

use serde_json::{Map, Value, json};

use super::Architecture;
use super::fields::Fields;
use crate::weights::layer_of;
use crate::{Gguf, GgufError};

pub(super) fn sizes(
    gguf: &Gguf,
    fields: &Fields,
    architecture: Architecture,
    config: &mut Map<String, Value>,
) -> Result<(), GgufError> {
    nothing_else(fields)?;
    let embedding = gguf.tensor("token_embd.weight").filter(|tensor| tensor.shape().len() == 2);
    let embedding = embedding.ok_or_else(|| GgufError::Tensor {
        tensor: "token_embd.weight".into(),
        what: "is missing, or no matrix".into(),
    })?;
    let hidden = fields.need("embedding_length")?;
    if embedding.columns() as u64 != hidden {
        return Err(fields.wrong(
            "embedding_length",
            hidden,
            &format!("{}, the columns of `token_embd.weight`", embedding.columns()),
        ));
    }
    let tokens = gguf.metadata().get::<&[String]>("tokenizer.ggml.tokens")?.map_or(0, <[String]>::len);
    if tokens > embedding.rows() {
        return Err(GgufError::Tensor {
            tensor: "token_embd.weight".into(),
            what: format!("has {} rows, and there are {tokens} tokens", embedding.rows()),
        });
    }
    let heads = fields.one_of("attention.head_count")?;
    let mut set = |name: &str, value: Value| config.insert(name.into(), value);
    set("vocab_size", json!(embedding.rows()));
    set("hidden_size", json!(hidden));
    set("intermediate_size", json!(fields.one_of("feed_forward_length")?));
    set("num_hidden_layers", json!(layers(gguf, fields)?));
    set("num_attention_heads", json!(heads));
    set("max_position_embeddings", json!(fields.need("context_length")?));
    set("rms_norm_eps", json!(fields.need_float("attention.layer_norm_rms_epsilon")?));
    set("rope_theta", json!(fields.get::<f64>("rope.freq_base")?.unwrap_or(10000.0)));
    set("hidden_act", json!("silu"));
    set("tie_word_embeddings", json!(gguf.tensor("output.weight").is_none()));
    // Latent attention has sizes of its own.
    if architecture != Architecture::Deepseek2 {
        set("num_key_value_heads", json!(fields.one_of_or("attention.head_count_kv", heads)?));
        set("head_dim", json!(head_dim(fields, heads, hidden)?));
        // Qwen2 always has biases.
        if !matches!(architecture, Architecture::Qwen2 | Architecture::Qwen2Moe) {
            set("attention_bias", json!(gguf.tensor("blk.0.attn_q.bias").is_some()));
        }
        if architecture == Architecture::Llama && gguf.tensor("blk.0.ffn_up.bias").is_some() {
            set("mlp_bias", json!(true));
        }
    }
    Ok(())
}

/// Number of layers, of all of which there are tensors.
fn layers(gguf: &Gguf, fields: &Fields) -> Result<u64, GgufError> {
    let blocks = fields.need("block_count")?;
    let layers = blocks.saturating_sub(fields.get::<u64>("nextn_predict_layers")?.unwrap_or(0));
    let found: HashSet<u64> =
        gguf.tensors().filter_map(|tensor| layer_of(tensor.name())).filter(|layer| *layer < layers).collect();
    if found.len() as u64 != layers || layers == 0 {
        let expected = format!("{}, of which there are tensors", found.len());
        return Err(fields.wrong("block_count", blocks, &expected));
    }
    Ok(layers)
}

/// Width of a head, which keys, values and rotation share.
fn head_dim(fields: &Fields, heads: u64, hidden: u64) -> Result<u64, GgufError> {
    let head_dim = match fields.size_of("attention.key_length")? {
        Some(length) => length,
        None if heads > 0 && hidden.is_multiple_of(heads) => hidden / heads,
        None => return Err(fields.wrong("attention.head_count", heads, "a divisor of the embedding length")),
    };
    for name in ["attention.value_length", "rope.dimension_count"] {
        if let Some(length) = fields.get::<u64>(name)?.filter(|length| *length != head_dim) {
            return Err(fields.wrong(name, length, &format!("{head_dim}, the width of a head")));
        }
    }
    Ok(head_dim)
}

/// Refuses what changes a model's results and has no place in the config of these architectures.
fn nothing_else(fields: &Fields) -> Result<(), GgufError> {
    for name in [
        "attention.sliding_window",
        "attention.temperature_scale",
        "attention.clamp_kqv",
        "attention.scale",
        "attn_logit_softcapping",
        "final_logit_softcapping",
        "logit_scale",
        "residual_scale",
        "embedding_scale",
    ] {
        match fields.value(name) {
            None => {}
            Some(value) if value.is_zero() => {}
            Some(value) => return Err(fields.wrong(name, value, "0, as models with it are not read")),
        }
    }
    Ok(())
}
