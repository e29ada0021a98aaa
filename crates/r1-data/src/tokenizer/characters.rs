//! Writes tokenizers with one token for each character.

use std::{collections::HashSet, path::Path};

use serde_json::{Map, Value, json};

use crate::DataError;

const UNKNOWN: &str = "<unk>";

/// Writes `tokenizer.json` and `tokenizer_config.json`.
pub(super) fn write(alphabet: &str, added: &[&str], folder: &Path) -> Result<(), DataError> {
    let path = folder.join("tokenizer.json");
    let characters =
        check(alphabet, added).map_err(|reason| DataError::Tokenizer { path: path.clone(), reason })?;

    let tokens = [UNKNOWN].into_iter().chain(added.iter().copied());
    let mut vocab = Map::new();
    for token in tokens.clone().map(String::from).chain(characters.iter().map(char::to_string)) {
        vocab.insert(token, vocab.len().into());
    }
    let added_tokens: Vec<Value> = tokens
        .enumerate()
        .map(|(id, token)| {
            let special = token == UNKNOWN || special(token);
            json!({
                "id": id, "content": token, "single_word": false, "lstrip": false, "rstrip": false,
                "normalized": false, "special": special,
            })
        })
        .collect();
    // Byte-pair encoding without merges keeps every character apart, and the decoder only joins them.
    let tokenizer = json!({
        "version": "1.0",
        "truncation": null,
        "padding": null,
        "added_tokens": added_tokens,
        "normalizer": null,
        "pre_tokenizer": null,
        "post_processor": null,
        "decoder": { "type": "Fuse" },
        "model": {
            "type": "BPE", "dropout": null, "unk_token": UNKNOWN, "continuing_subword_prefix": null,
            "end_of_word_suffix": null, "fuse_unk": false, "byte_fallback": false, "ignore_merges": false,
            "vocab": vocab, "merges": [],
        },
    });
    let mut config = json!({
        "tokenizer_class": "PreTrainedTokenizerFast",
        "unk_token": UNKNOWN,
        "clean_up_tokenization_spaces": false,
        "model_max_length": 1_000_000,
    });
    if let Some(end) = added.iter().find(|token| special(token)) {
        config["eos_token"] = json!(end);
        config["pad_token"] = json!(end);
    }
    std::fs::create_dir_all(folder).map_err(|source| DataError::Write { path: folder.to_owned(), source })?;
    write_json(&path, &tokenizer)?;
    write_json(&folder.join("tokenizer_config.json"), &config)
}

/// The alphabet's characters, each once, when everything fits together.
fn check(alphabet: &str, added: &[&str]) -> Result<Vec<char>, String> {
    let mut seen = HashSet::new();
    let characters: Vec<char> = alphabet.chars().filter(|character| seen.insert(*character)).collect();
    if characters.is_empty() {
        return Err("the alphabet is empty; give at least one character".into());
    }
    let mut names: HashSet<String> = characters.iter().map(char::to_string).collect();
    names.insert(UNKNOWN.into());
    for token in added {
        if token.is_empty() {
            return Err("an added token is empty; give each a text".into());
        }
        if !names.insert((*token).to_owned()) {
            return Err(format!("`{token}` stands twice in the vocabulary; leave one out"));
        }
    }
    Ok(characters)
}

/// True for control tokens such as `<|end|>`, which are no part of a text.
fn special(token: &str) -> bool {
    token.starts_with("<|") && token.ends_with("|>")
}

fn write_json(path: &Path, value: &Value) -> Result<(), DataError> {
    std::fs::write(path, format!("{value:#}\n"))
        .map_err(|source| DataError::Write { path: path.to_owned(), source })
}
