//! Names of tensors here and there.

use crate::config::Architecture;

/// Place of a tensor in a Hugging Face checkpoint.
#[derive(Debug, PartialEq)]
pub(super) enum Part {
    /// None: only llama.cpp uses it, or another tensor brings it along.
    None,
    /// A weight as it is.
    Rows { name: String },
    /// A vector that is a matrix of one row there.
    OneRow { name: String },
    /// A weight whose rows are interleaved in heads; `count` is the key with their number.
    Heads { name: String, count: &'static str },
    /// The weights of all experts, which are named `before.EXPERT.after`.
    Experts { before: String, after: String },
    /// The first of two tensors that are one matrix.
    KeyUp { name: String },
}

/// Names inside a layer: in the file, and in a Hugging Face checkpoint.
const LAYER: [(&str, &str); 25] = [
    ("attn_norm", "input_layernorm"),
    ("ffn_norm", "post_attention_layernorm"),
    ("attn_q", "self_attn.q_proj"),
    ("attn_k", "self_attn.k_proj"),
    ("attn_v", "self_attn.v_proj"),
    ("attn_output", "self_attn.o_proj"),
    ("attn_q_norm", "self_attn.q_norm"),
    ("attn_k_norm", "self_attn.k_norm"),
    ("attn_q_a", "self_attn.q_a_proj"),
    ("attn_q_a_norm", "self_attn.q_a_layernorm"),
    ("attn_q_b", "self_attn.q_b_proj"),
    ("attn_kv_a_mqa", "self_attn.kv_a_proj_with_mqa"),
    ("attn_kv_a_norm", "self_attn.kv_a_layernorm"),
    ("attn_kv_b", "self_attn.kv_b_proj"),
    ("ffn_gate", "mlp.gate_proj"),
    ("ffn_up", "mlp.up_proj"),
    ("ffn_down", "mlp.down_proj"),
    ("ffn_gate_inp", "mlp.gate"),
    ("ffn_gate_inp_shexp", "mlp.shared_expert_gate"),
    ("ffn_gate_shexp", "mlp.SHARED.gate_proj"),
    ("ffn_up_shexp", "mlp.SHARED.up_proj"),
    ("ffn_down_shexp", "mlp.SHARED.down_proj"),
    ("ffn_gate_exps", "mlp.experts.gate_proj"),
    ("ffn_up_exps", "mlp.experts.up_proj"),
    ("ffn_down_exps", "mlp.experts.down_proj"),
];
const WHOLE: [(&str, &str); 3] =
    [("token_embd", "model.embed_tokens"), ("output_norm", "model.norm"), ("output", "lm_head")];
/// DeepSeek's name of the bias that only the choice of experts sees, which has no suffix of its own there.
const CHOICE: (&str, &str) = ("exp_probs_b.bias", "mlp.gate.e_score_correction_bias");

fn shared(architecture: Architecture) -> &'static str {
    if architecture == Architecture::Deepseek2 { "shared_experts" } else { "shared_expert" }
}

/// Layer of a tensor.
pub(crate) fn layer_of(tensor: &str) -> Option<u64> {
    let (layer, _) = tensor.strip_prefix("blk.")?.split_once('.')?;
    layer.parse().ok().filter(|number: &u64| number.to_string() == layer)
}

/// Place of a tensor, if its name is known.
pub(super) fn hugging_face_name(tensor: &str, architecture: Architecture) -> Option<Part> {
    if matches!(tensor, "rope_freqs.weight" | "rope_factors_long.weight" | "rope_factors_short.weight") {
        return Some(Part::None);
    }
    let translated = |table: &[(&str, &'static str)], stem: &str| {
        table.iter().find(|(known, _)| *known == stem).map(|(_, name)| *name)
    };
    let Some(layer) = layer_of(tensor) else {
        let stem = tensor.strip_suffix(".weight")?;
        return Some(Part::Rows { name: format!("{}.weight", translated(&WHOLE, stem)?) });
    };
    let (_, rest) = tensor.strip_prefix("blk.")?.split_once('.')?;
    let full = |name: &str| format!("model.layers.{layer}.{name}");
    if rest == CHOICE.0 {
        return Some(Part::Rows { name: full(CHOICE.1) });
    }
    let (stem, end) = rest.rsplit_once('.').filter(|(_, end)| matches!(*end, "weight" | "bias"))?;
    let translate = |stem: &str| {
        let name = translated(&LAYER, stem)?.replace("SHARED", shared(architecture));
        Some(full(&format!("{name}.{end}")))
    };
    Some(match stem {
        "attn_k_b" if end == "weight" && architecture == Architecture::Deepseek2 => {
            Part::KeyUp { name: full("self_attn.kv_b_proj.weight") }
        }
        "attn_v_b" if end == "weight" && architecture == Architecture::Deepseek2 => Part::None,
        "attn_rot_embd" => Part::None,
        "attn_q" if architecture.interleaves() => {
            Part::Heads { name: translate(stem)?, count: "attention.head_count" }
        }
        "attn_k" if architecture.interleaves() => {
            Part::Heads { name: translate(stem)?, count: "attention.head_count_kv" }
        }
        "ffn_gate_inp_shexp" => Part::OneRow { name: translate(stem)? },
        _ => match translate(stem)?.split_once(".experts.") {
            Some((before, after)) => {
                Part::Experts { before: format!("{before}.experts"), after: after.into() }
            }
            None => Part::Rows { name: translate(stem)? },
        },
    })
}

/// Name in a file of a weight of a Hugging Face checkpoint, and the expert it belongs to.
pub(crate) fn gguf_name(name: &str, architecture: Architecture) -> Option<(String, Option<usize>)> {
    let translate = |table: &[(&str, &str)], stem: &str| {
        let found = table.iter().find(|(_, known)| known.replace("SHARED", shared(architecture)) == stem);
        found.map(|(own, _)| (*own).to_string())
    };
    let Some((layer, rest)) = name.strip_prefix("model.layers.").and_then(|rest| rest.split_once('.')) else {
        let (stem, end) = name.rsplit_once('.')?;
        return Some((format!("{}.{end}", translate(&WHOLE, stem)?), None));
    };
    if rest == CHOICE.1 {
        return Some((format!("blk.{layer}.{}", CHOICE.0), None));
    }
    let (stem, end) = rest.rsplit_once('.')?;
    if let Some((expert, matrix)) = stem.strip_prefix("mlp.experts.").and_then(|rest| rest.split_once('.')) {
        let own = translate(&LAYER, &format!("mlp.experts.{matrix}"))?;
        return Some((format!("blk.{layer}.{own}.{end}"), Some(expert.parse().ok()?)));
    }
    Some((format!("blk.{layer}.{}.{end}", translate(&LAYER, stem)?), None))
}
