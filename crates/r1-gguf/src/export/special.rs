//! Keys of special tokens.

use std::collections::HashMap;

use serde_json::Value as Json;

use crate::{GgufError, Metadata, Value};

/// Adds the ids of special tokens, those that tokenizer_config.json names before those of config.json, and whether
/// the tokenizer puts them around a text.
pub(super) fn add(
    metadata: &mut Metadata,
    config: &Json,
    tokenizer: &Json,
    tokenizer_config: &Json,
    ids: &HashMap<&str, usize>,
    tokens: usize,
) -> Result<(), GgufError> {
    let id_of = |name: &str| {
        let token = &tokenizer_config[format!("{name}_token")];
        let token = token.as_str().or(token["content"].as_str());
        let named = token.and_then(|token| ids.get(token)).map(|id| *id as u64);
        let id = &config[format!("{name}_token_id")];
        named.or(id.as_u64()).or(id[0].as_u64()).filter(|id| *id < tokens as u64)
    };
    for (name, own) in [("bos", "bos"), ("eos", "eos"), ("unk", "unknown"), ("pad", "padding")] {
        if let Some(id) = id_of(name) {
            metadata.set(format!("tokenizer.ggml.{own}_token_id"), Value::U32(id as u32));
        }
    }
    // The end of a turn and of a message stand for further ends, whatever they are.
    let ends = config["eos_token_id"].as_array().into_iter().flatten().filter_map(Json::as_u64);
    let further = ends.filter(|id| Some(*id) != id_of("eos") && *id < tokens as u64);
    for (end, own) in further.zip(["eot", "eom"]) {
        metadata.set(format!("tokenizer.ggml.{own}_token_id"), Value::U32(end as u32));
    }
    let around = match template(&tokenizer["post_processor"]) {
        Some(pieces) => around(pieces, ids)?,
        // Without a template the flags are for tokenizers that are made from the config.
        None => ["bos", "eos"].map(|name| match tokenizer_config[format!("add_{name}_token")] == true {
            true => id_of(name),
            false => None,
        }),
    };
    for (name, found) in ["bos", "eos"].into_iter().zip(around) {
        if let Some(id) = found.filter(|_| found != id_of(name)) {
            let what = format!("the post-processor adds token {id}, which is not the `{name}_token`");
            return Err(GgufError::Tokenizer { what });
        }
        metadata.set(format!("tokenizer.ggml.add_{name}_token"), Value::Bool(found.is_some()));
    }
    Ok(())
}

/// What a post-processor makes of one text, if it adds something.
fn template(processor: &Json) -> Option<&Vec<Json>> {
    match processor["type"].as_str()? {
        "TemplateProcessing" => processor["single"].as_array(),
        "Sequence" => processor["processors"].as_array()?.iter().find_map(template),
        _ => None,
    }
}

/// The tokens before and after the text.
fn around(pieces: &[Json], ids: &HashMap<&str, usize>) -> Result<[Option<u64>; 2], GgufError> {
    let token = |piece: &Json| ids.get(piece["SpecialToken"]["id"].as_str()?).map(|id| *id as u64);
    let text = |piece: &Json| piece["Sequence"].is_object();
    match pieces {
        [a] if text(a) => Ok([None, None]),
        [a, b] if text(b) && token(a).is_some() => Ok([token(a), None]),
        [a, b] if text(a) && token(b).is_some() => Ok([None, token(b)]),
        [a, b, c] if text(b) && token(a).is_some() && token(c).is_some() => Ok([token(a), token(c)]),
        _ => Err(GgufError::Tokenizer {
            what: "the post-processor adds more than one token before and one after a text, which a file cannot say"
                .into(),
        }),
    }
}

/// Whether the tokenizer puts a blank before a text.
pub(super) fn blank_before(tokenizer: &Json) -> bool {
    fn prepends(step: &Json) -> bool {
        let nested = ["normalizers", "pretokenizers"].into_iter().filter_map(|name| step[name].as_array());
        match step["type"].as_str() {
            Some("Prepend") => true,
            Some("Metaspace") => step["prepend_scheme"] != "never" && step["add_prefix_space"] != false,
            _ => nested.flatten().any(prepends),
        }
    }
    prepends(&tokenizer["normalizer"]) || prepends(&tokenizer["pre_tokenizer"])
}
