//! Ids of special tokens.

use serde_json::{Map, Value, json};

use crate::{Gguf, GgufError};

/// Texts of tokens that end a turn or a text, in the models that are read.
const ENDS: [&str; 7] = [
    "<|im_end|>",
    "<|eot_id|>",
    "<|eom_id|>",
    "<|end|>",
    "<|endoftext|>",
    "<end_of_turn>",
    "<｜end▁of▁sentence｜>",
];
const CONTROL: i64 = 3;

/// Ids that a config.json and a generation_config.json name.
pub(crate) fn special_ids(gguf: &Gguf) -> Result<Map<String, Value>, GgufError> {
    let mut ids = Map::new();
    if let Some(bos) = id(gguf, "bos")? {
        ids.insert("bos_token_id".into(), json!(bos));
    }
    match ends(gguf)?[..] {
        [] => {}
        [end] => drop(ids.insert("eos_token_id".into(), json!(end))),
        ref ends => drop(ids.insert("eos_token_id".into(), json!(ends))),
    }
    if let Some(pad) = id(gguf, "padding")? {
        ids.insert("pad_token_id".into(), json!(pad));
    }
    Ok(ids)
}

/// Id of a special token, such as `bos`.
pub(super) fn id(gguf: &Gguf, name: &str) -> Result<Option<u64>, GgufError> {
    let key = format!("tokenizer.ggml.{name}_token_id");
    let Some(id) = gguf.metadata().get::<u64>(&key)? else { return Ok(None) };
    let tokens: Option<&[String]> = gguf.metadata().get("tokenizer.ggml.tokens")?;
    match tokens.map(|tokens| tokens.len() as u64).filter(|len| id >= *len) {
        Some(len) => Err(GgufError::Value {
            key,
            found: id.to_string(),
            expected: format!("an id below {len}, the number of tokens"),
        }),
        None => Ok(Some(id)),
    }
}

/// Ids that end a text: the end of sequence, those of a turn and of a message, and control tokens that the chat
/// template writes and whose text is that of an end. Many files of chat models name the end of sequence alone, which
/// the model never writes in a chat.
fn ends(gguf: &Gguf) -> Result<Vec<u64>, GgufError> {
    let mut ends = Vec::new();
    for name in ["eos", "eot", "eom"] {
        ends.extend(id(gguf, name)?.filter(|id| !ends.contains(id)));
    }
    let tokens: Option<&[String]> = gguf.metadata().get("tokenizer.ggml.tokens")?;
    let kinds = gguf.metadata().get::<Vec<i64>>("tokenizer.ggml.token_type")?;
    if let (Some(tokens), Some(kinds), Some(template)) = (tokens, kinds, gguf.chat_template()?) {
        let written: Vec<&str> = ENDS.into_iter().filter(|end| template.contains(end)).collect();
        for (id, (token, kind)) in tokens.iter().zip(kinds).enumerate() {
            let id = id as u64;
            if kind == CONTROL && written.contains(&token.as_str()) && !ends.contains(&id) {
                ends.push(id);
            }
        }
    }
    Ok(ends)
}

impl Gguf {
    /// The ids that begin and end a text, and the sampling that the file recommends, as a generation_config.json.
    ///
    /// # Errors
    /// [`GgufError::Value`] for an id beyond the vocabulary or a key of another type.
    pub fn generation_config(&self) -> Result<Value, GgufError> {
        let mut config = special_ids(self)?;
        let metadata = self.metadata();
        for (key, name) in [
            ("temp", "temperature"),
            ("top_p", "top_p"),
            ("min_p", "min_p"),
            ("penalty_repeat", "repetition_penalty"),
        ] {
            if let Some(number) = metadata.get::<f64>(&format!("general.sampling.{key}"))? {
                config.insert(name.into(), json!(number));
            }
        }
        if let Some(top_k) = metadata.get::<u64>("general.sampling.top_k")? {
            config.insert("top_k".into(), json!(top_k));
        }
        Ok(Value::Object(config))
    }
}
