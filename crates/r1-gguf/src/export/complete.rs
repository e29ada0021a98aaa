//! Tensors that a file needs, and their shapes.

use std::collections::HashMap;

use serde_json::Value as Json;

use super::model_keys::{head_dim, wrong};
use super::plan::Planned;
use crate::GgufError;
use crate::config::Architecture;
use crate::weights::layer_of;

/// Refuses a file that lacks a tensor, or has one of another shape or of a layer beyond the last.
pub(super) fn check(
    config: &Json,
    architecture: Architecture,
    tensors: &[Planned],
    output: bool,
) -> Result<(), GgufError> {
    let found: HashMap<&str, &[usize]> =
        tensors.iter().map(|tensor| (tensor.name.as_str(), tensor.shape.as_slice())).collect();
    let error = |tensor: &str, what: String| Err(GgufError::Tensor { tensor: tensor.into(), what });
    let need = |name: &str, shape: &[usize]| match found.get(name) {
        None => error(name, "is missing among the weights".into()),
        Some(own) if *own != shape => {
            error(name, format!("has the shape {own:?}, and config.json makes it {shape:?}"))
        }
        Some(_) => Ok(()),
    };
    let sizes = Sizes::of(config)?;
    need("token_embd.weight", &[sizes.vocabulary, sizes.hidden])?;
    need("output_norm.weight", &[sizes.hidden])?;
    if output {
        need("output.weight", &[sizes.vocabulary, sizes.hidden])?;
    }
    for layer in 0..sizes.layers {
        for (name, shape) in sizes.of_layer(architecture) {
            need(&format!("blk.{layer}.{name}"), &shape)?;
        }
    }
    match tensors.iter().find(|tensor| layer_of(&tensor.name).is_some_and(|layer| layer >= sizes.layers)) {
        Some(tensor) => {
            error(&tensor.name, format!("is of a layer beyond the {} of config.json", sizes.layers))
        }
        None => Ok(()),
    }
}

struct Sizes {
    layers: u64,
    vocabulary: usize,
    hidden: usize,
    feed_forward: usize,
    queries: usize,
    keys: usize,
    head: usize,
    experts: [usize; 2],
    shared: usize,
}

impl Sizes {
    fn of(config: &Json) -> Result<Sizes, GgufError> {
        let number = |name: &str, default: Option<usize>| match config[name].as_u64() {
            Some(number @ 1..=0xffff_ffff) => Ok(number as usize),
            None if config[name].is_null() && default.is_some() => Ok(default.unwrap_or_default()),
            _ => Err(wrong(name, &config[name], "a number from 1 to 4294967295")),
        };
        let heads = number("num_attention_heads", None)?;
        let head = head_dim(config).unwrap_or(0) as usize;
        Ok(Sizes {
            layers: number("num_hidden_layers", None)? as u64,
            vocabulary: number("vocab_size", None)?,
            hidden: number("hidden_size", None)?,
            feed_forward: number("intermediate_size", None)?,
            queries: heads * head,
            keys: number("num_key_value_heads", Some(heads))? * head,
            head,
            experts: [number("num_experts", Some(0))?, number("moe_intermediate_size", Some(0))?],
            shared: number("shared_expert_intermediate_size", Some(0))?,
        })
    }

    /// Names inside a layer, and shapes.
    fn of_layer(&self, architecture: Architecture) -> Vec<(&'static str, Vec<usize>)> {
        use Architecture::{Qwen2, Qwen2Moe, Qwen3, Qwen3Moe};
        let Sizes { hidden, feed_forward, queries, keys, head, experts: [experts, width], shared, .. } =
            *self;
        let mut tensors = vec![
            ("attn_norm.weight", vec![hidden]),
            ("ffn_norm.weight", vec![hidden]),
            ("attn_q.weight", vec![queries, hidden]),
            ("attn_k.weight", vec![keys, hidden]),
            ("attn_v.weight", vec![keys, hidden]),
            ("attn_output.weight", vec![hidden, queries]),
        ];
        if matches!(architecture, Qwen2 | Qwen2Moe) {
            let biases = [("attn_q.bias", queries), ("attn_k.bias", keys), ("attn_v.bias", keys)];
            tensors.extend(biases.map(|(name, len)| (name, vec![len])));
        }
        if matches!(architecture, Qwen3 | Qwen3Moe) {
            tensors.extend(["attn_q_norm.weight", "attn_k_norm.weight"].map(|name| (name, vec![head])));
        }
        if matches!(architecture, Qwen2Moe | Qwen3Moe) {
            tensors.extend([
                ("ffn_gate_inp.weight", vec![experts, hidden]),
                ("ffn_gate_exps.weight", vec![experts, width, hidden]),
                ("ffn_up_exps.weight", vec![experts, width, hidden]),
                ("ffn_down_exps.weight", vec![experts, hidden, width]),
            ]);
        } else {
            tensors.extend([
                ("ffn_gate.weight", vec![feed_forward, hidden]),
                ("ffn_up.weight", vec![feed_forward, hidden]),
                ("ffn_down.weight", vec![hidden, feed_forward]),
            ]);
        }
        if architecture == Qwen2Moe {
            tensors.extend([
                ("ffn_gate_inp_shexp.weight", vec![hidden]),
                ("ffn_gate_shexp.weight", vec![shared, hidden]),
                ("ffn_up_shexp.weight", vec![shared, hidden]),
                ("ffn_down_shexp.weight", vec![hidden, shared]),
            ]);
        }
        tensors
    }
}
