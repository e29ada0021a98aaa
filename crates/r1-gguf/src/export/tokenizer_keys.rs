//! Keys of a vocabulary from tokenizer.json and tokenizer_config.json.

use std::collections::HashMap;

use serde_json::Value as Json;

use super::special;
use crate::error::shown;
use crate::tokenizer::split_name;
use crate::{Array, GgufError, Metadata, Value};

const NORMAL: i32 = 1;
const UNKNOWN: i32 = 2;
const CONTROL: i32 = 3;
const USER_DEFINED: i32 = 4;
const UNUSED: i32 = 5;
const BYTE: i32 = 6;
/// Tokens of the largest vocabulary: real ones have 262,144 at the most.
const MOST_TOKENS: u64 = 1 << 20;
/// Far below the score of any merge.
const NO_MERGE: f32 = -1e6;

pub(super) fn add(
    metadata: &mut Metadata,
    config: &Json,
    tokenizer: &Json,
    tokenizer_config: &Json,
) -> Result<(), GgufError> {
    let refused = |what: String| GgufError::Tokenizer { what };
    let model = &tokenizer["model"];
    if model["type"].as_str().is_some_and(|kind| kind != "BPE") || !model["vocab"].is_object() {
        return Err(refused(format!("model {} is not written; what is written is BPE", model["type"])));
    }
    let (tokens, mut kinds) = tokens(config, tokenizer)?;
    let mut ids: HashMap<&str, usize> = HashMap::with_capacity(tokens.len());
    for (id, token) in tokens.iter().enumerate().filter(|(id, _)| kinds[*id] != UNUSED) {
        if let Some(first) = ids.insert(token, id) {
            return Err(refused(format!("tokens {first} and {id} are both `{}`", shown(token))));
        }
    }
    let merges = merges(model)?;
    if model["byte_fallback"] == true {
        metadata.set("tokenizer.ggml.model", Value::String("llama".into()));
        metadata.set("tokenizer.ggml.pre", Value::String("default".into()));
        // The earlier a merge, the better: its place is the score that SentencePiece would have given.
        let mut scores = vec![NO_MERGE; tokens.len()];
        for (place, (left, right)) in merges.iter().enumerate().rev() {
            if let Some(id) = ids.get(format!("{left}{right}").as_str()) {
                scores[*id] = -(place as f32);
            }
        }
        for (token, kind) in tokens.iter().zip(&mut kinds).filter(|(_, kind)| **kind == NORMAL) {
            if token.len() == 6 && token.starts_with("<0x") && token.ends_with('>') {
                *kind = BYTE;
            }
        }
        if let Some(id) = model["unk_token"].as_str().and_then(|token| ids.get(token)) {
            kinds[*id] = UNKNOWN;
        }
        metadata.set("tokenizer.ggml.scores", Value::Array(Array::F32(scores)));
        metadata.set("tokenizer.ggml.add_space_prefix", Value::Bool(special::blank_before(tokenizer)));
    } else {
        let name = split_name(tokenizer).ok_or_else(|| {
            refused(format!(
                "it divides texts in a way that GGUF has no name for (pre_tokenizer {}); such a model stays a folder",
                tokenizer["pre_tokenizer"]
            ))
        })?;
        metadata.set("tokenizer.ggml.model", Value::String("gpt2".into()));
        metadata.set("tokenizer.ggml.pre", Value::String(name.into()));
        let lines = merges.iter().map(|(left, right)| format!("{left} {right}")).collect();
        metadata.set("tokenizer.ggml.merges", Value::Array(Array::String(lines)));
    }
    special::add(metadata, config, tokenizer, tokenizer_config, &ids, tokens.len())?;
    metadata.set("tokenizer.ggml.token_type", Value::Array(Array::I32(kinds)));
    metadata.set("tokenizer.ggml.tokens", Value::Array(Array::String(tokens)));
    if let Some(template) = template(&tokenizer_config["chat_template"]) {
        metadata.set("tokenizer.chat_template", Value::String(template.into()));
    }
    Ok(())
}

/// The chat template; of several with names, the one that is taken unless another is asked for.
fn template(given: &Json) -> Option<&str> {
    let mut named = given.as_array().into_iter().flatten();
    given.as_str().or_else(|| named.find(|entry| entry["name"] == "default")?["template"].as_str())
}

/// Tokens in the order of their ids, filled up to the rows of the embedding, and their kinds.
fn tokens(config: &Json, tokenizer: &Json) -> Result<(Vec<String>, Vec<i32>), GgufError> {
    let rows = config["vocab_size"].as_u64().filter(|rows| *rows <= MOST_TOKENS).ok_or_else(|| {
        super::model_keys::wrong("vocab_size", &config["vocab_size"], "a number up to 1048576")
    })?;
    let rows = rows as usize;
    let mut tokens: Vec<Option<(String, i32)>> = Vec::new();
    let vocabulary = tokenizer["model"]["vocab"].as_object().into_iter().flatten();
    let vocabulary = vocabulary.map(|(token, id)| (id.as_u64(), token.as_str(), NORMAL));
    let added = tokenizer["added_tokens"].as_array().into_iter().flatten().map(|entry| {
        let kind = if entry["special"] == true { CONTROL } else { USER_DEFINED };
        (entry["id"].as_u64(), entry["content"].as_str().unwrap_or(""), kind)
    });
    for (id, token, kind) in vocabulary.chain(added) {
        let id = id.and_then(|id| usize::try_from(id).ok()).filter(|id| *id < rows);
        let id = id.ok_or_else(|| GgufError::Tokenizer {
            what: format!("token {token:?} has no id below config.json's `vocab_size`, {rows}"),
        })?;
        if tokens.len() <= id {
            tokens.resize(id + 1, None);
        }
        if let Some((other, _)) = tokens[id].as_ref().filter(|(other, _)| other != token) {
            let what = format!("tokens `{}` and `{}` have both the id {id}", shown(other), shown(token));
            return Err(GgufError::Tokenizer { what });
        }
        tokens[id] = Some((token.into(), kind));
    }
    tokens.resize(rows, None);
    for entry in tokenizer["added_tokens"].as_array().into_iter().flatten() {
        if let Some(rule) = ["single_word", "lstrip", "rstrip"].into_iter().find(|rule| entry[*rule] == true)
        {
            let what = format!("the added token {} has `{rule}`, which a file cannot say", entry["content"]);
            return Err(GgufError::Tokenizer { what });
        }
    }
    let filled = tokens.into_iter().enumerate();
    Ok(filled.map(|(id, token)| token.unwrap_or_else(|| (format!("[PAD{id}]"), UNUSED))).unzip())
}

/// Pairs, which older files write as one text and newer ones as two.
fn merges(model: &Json) -> Result<Vec<(&str, &str)>, GgufError> {
    let lines = model["merges"].as_array().into_iter().flatten().enumerate();
    lines
        .map(|(number, merge)| {
            let pair = match merge.as_str() {
                Some(line) => line.split_once(' '),
                None => merge[0].as_str().zip(merge[1].as_str()),
            };
            pair.ok_or_else(|| GgufError::Tokenizer { what: format!("merge {number}, {merge}, is no pair") })
        })
        .collect()
}
