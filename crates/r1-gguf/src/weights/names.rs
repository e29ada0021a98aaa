//! Names of tensors here and there.

use crate::config::Architecture;

/// What a tensor of a file is in a Hugging Face checkpoint.
#[derive(Debug, PartialEq)]
pub(crate) enum Part {
    /// A weight outside the layers.
    Whole { name: String, one_row: bool },
    /// A weight of a layer; `interleaved` names the key with the number of heads whose rows are to be reordered.
    Layer { layer: u64, name: String, interleaved: Option<&'static str>, one_row: bool },
    /// The weights of all experts; theirs are named `before.EXPERT.after`.
    Experts { layer: u64, before: String, after: String },
    /// The first of two tensors that are one matrix.
    KeyUp { name: String },
    /// The second of them.
    ValueUp,
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

/// What the tensor is, or none for one that only llama.cpp uses; the error says why it has no place.
pub(crate) fn hugging_face_name(tensor: &str, architecture: Architecture) -> Result<Option<Part>, String> {
    if matches!(tensor, "rope_freqs.weight" | "rope_factors_long.weight" | "rope_factors_short.weight") {
        return Ok(None);
    }
    let unknown =
        || "is of a kind that is not known; its file may be of a newer model than this reader".to_string();
    let Some((layer, rest)) = tensor.strip_prefix("blk.").and_then(|rest| rest.split_once('.')) else {
        let (stem, end) = tensor.rsplit_once('.').ok_or_else(unknown)?;
        let (_, name) = WHOLE.into_iter().find(|(known, _)| *known == stem).ok_or_else(unknown)?;
        return Ok(Some(Part::Whole { name: format!("{name}.{end}"), one_row: false }));
    };
    let layer: u64 = layer.parse().map_err(|_| unknown())?;
    let full = |name: &str| format!("model.layers.{layer}.{name}");
    if rest == CHOICE.0 {
        return Ok(Some(Part::Layer { layer, name: full(CHOICE.1), interleaved: None, one_row: false }));
    }
    let (stem, end) = rest.rsplit_once('.').ok_or_else(unknown)?;
    if !matches!(end, "weight" | "bias") {
        return Err(unknown());
    }
    match stem {
        "attn_k_b" => return Ok(Some(Part::KeyUp { name: full("self_attn.kv_b_proj.weight") })),
        "attn_v_b" => return Ok(Some(Part::ValueUp)),
        "attn_rot_embd" => return Ok(None),
        _ => {}
    }
    let (_, name) = LAYER.into_iter().find(|(known, _)| *known == stem).ok_or_else(unknown)?;
    if let Some(after) = name.strip_prefix("mlp.experts.") {
        return Ok(Some(Part::Experts {
            layer,
            before: full("mlp.experts"),
            after: format!("{after}.{end}"),
        }));
    }
    let interleaved = match stem {
        "attn_q" if architecture.interleaves() => Some("attention.head_count"),
        "attn_k" if architecture.interleaves() => Some("attention.head_count_kv"),
        _ => None,
    };
    let name = full(&format!("{}.{end}", name.replace("SHARED", shared(architecture))));
    Ok(Some(Part::Layer { layer, name, interleaved, one_row: stem == "ffn_gate_inp_shexp" }))
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
