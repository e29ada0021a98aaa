//! tokenizer.json and tokenizer_config.json from the vocabulary of a file.

mod vocabulary;
mod split;
mod sentencepiece;
mod special;

use serde_json::{Map, Value, json};

use crate::error::shown;
use crate::{Gguf, GgufError};
pub(crate) use special::special_ids;
pub(crate) use split::split_name;
use vocabulary::{Kind, Vocabulary};

/// Tokens that are sought in a text: Gemma has 6,415, and others fewer.
const MOST_ADDED: usize = 1 << 15;

impl Gguf {
    /// The vocabulary as a tokenizer.json, which `tokenizers::Tokenizer` reads.
    ///
    /// Two models are known: byte pairs (`gpt2`), whose division of a text `tokenizer.ggml.pre` names, and
    /// SentencePiece's byte pairs with scores and bytes for what has no piece (`llama`). Where the file says so, or
    /// its kind has the habit, a beginning of sequence is put before a text that is encoded with special tokens.
    ///
    /// # Errors
    /// [`GgufError::Tokenizer`] for another model, an unknown division, or entries that contradict each other;
    /// [`GgufError::MissingKey`] and [`GgufError::Value`].
    pub fn tokenizer_json(&self) -> Result<Value, GgufError> {
        let vocabulary = Vocabulary::read(self)?;
        let mut json = match vocabulary.model {
            "gpt2" => byte_pairs(self, &vocabulary)?,
            "llama" => sentencepiece::tokenizer(self, &vocabulary)?,
            other => {
                let other = shown(other);
                let what = format!("model `{other}` is not read; what is read are `gpt2` and `llama`");
                return Err(GgufError::Tokenizer { what });
            }
        };
        json["version"] = json!("1.0");
        json["truncation"] = Value::Null;
        json["padding"] = Value::Null;
        json["added_tokens"] = added_tokens(&vocabulary)?;
        json["post_processor"] = post_processor(&vocabulary)?;
        Ok(json)
    }

    /// The special tokens and the chat template as a tokenizer_config.json.
    ///
    /// # Errors
    /// As [`Gguf::tokenizer_json`].
    pub fn tokenizer_config(&self) -> Result<Value, GgufError> {
        let vocabulary = Vocabulary::read(self)?;
        let mut config = Map::new();
        config.insert("tokenizer_class".into(), json!("PreTrainedTokenizerFast"));
        config.insert("add_bos_token".into(), json!(vocabulary.add_bos));
        config.insert("add_eos_token".into(), json!(vocabulary.add_eos));
        for (name, key) in [("bos", "bos"), ("eos", "eos"), ("unk", "unknown"), ("pad", "padding")] {
            let token = vocabulary.special(self, key)?.map(|(_, token)| token);
            config.insert(format!("{name}_token"), json!(token));
        }
        if let Some(template) = self.chat_template()? {
            config.insert("chat_template".into(), json!(template));
        }
        Ok(Value::Object(config))
    }

    /// The chat template, in Jinja.
    ///
    /// # Errors
    /// [`GgufError::Value`] if it is no text.
    pub fn chat_template(&self) -> Result<Option<&str>, GgufError> {
        self.metadata().get("tokenizer.chat_template")
    }
}

fn byte_pairs(gguf: &Gguf, vocabulary: &Vocabulary) -> Result<Value, GgufError> {
    let lines: &[String] = gguf.metadata().need("tokenizer.ggml.merges", "a tokenizer of byte pairs")?;
    let mut merges = Vec::with_capacity(lines.len());
    for (number, line) in lines.iter().enumerate() {
        let what = || {
            format!(
                "merge {number}, `{}`, is not two tokens of the vocabulary with a blank between",
                shown(line)
            )
        };
        let pair = line.split_once(' ').filter(|(left, right)| {
            vocabulary.ids.contains_key(left)
                && vocabulary.ids.contains_key(right)
                && vocabulary.ids.contains_key(format!("{left}{right}").as_str())
        });
        let (left, right) = pair.ok_or_else(|| GgufError::Tokenizer { what: what() })?;
        merges.push(json!([left, right]));
    }
    let split = split::named(vocabulary.pre)?;
    Ok(json!({
        "normalizer": split.normalizer(),
        "pre_tokenizer": split.pre_tokenizer(),
        "decoder": {"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true, "use_regex": true},
        "model": {
            "type": "BPE", "dropout": null, "unk_token": null, "continuing_subword_prefix": null,
            "end_of_word_suffix": null, "fuse_unk": false, "byte_fallback": false,
            "ignore_merges": split.whole_words_first, "vocab": vocabulary.entries(), "merges": merges,
        },
    }))
}

/// Tokens that are found in a text before it is divided.
fn added_tokens(vocabulary: &Vocabulary) -> Result<Value, GgufError> {
    let added = vocabulary.tokens.iter().zip(&vocabulary.kinds).enumerate();
    let added =
        added.filter(|(_, (_, kind))| matches!(kind, Kind::Control | Kind::UserDefined | Kind::Unknown));
    let entry = |(id, (token, kind)): (usize, (&String, &Kind))| {
        json!({"id": id, "content": token, "single_word": false, "lstrip": false, "rstrip": false,
               "normalized": false, "special": *kind != Kind::UserDefined})
    };
    // A token without text would be found everywhere.
    let added: Vec<Value> = added.filter(|(_, (token, _))| !token.is_empty()).map(entry).collect();
    if added.len() > MOST_ADDED {
        let what = format!(
            "{} tokens are of the types 2, 3 and 4, and {MOST_ADDED} are the most that are sought in a text",
            added.len()
        );
        return Err(GgufError::Tokenizer { what });
    }
    Ok(Value::Array(added))
}

fn post_processor(vocabulary: &Vocabulary) -> Result<Value, GgufError> {
    let mut single = vec![json!({"Sequence": {"id": "A", "type_id": 0}})];
    let mut pair =
        vec![json!({"Sequence": {"id": "A", "type_id": 0}}), json!({"Sequence": {"id": "B", "type_id": 1}})];
    let mut special = Map::new();
    for (wanted, token, name, front) in [
        (vocabulary.add_bos, &vocabulary.bos, "bos", true),
        (vocabulary.add_eos, &vocabulary.eos, "eos", false),
    ] {
        if !wanted {
            continue;
        }
        let Some((id, token)) = token else {
            let what =
                format!("`tokenizer.ggml.add_{name}_token` is true, and there is no `{name}_token_id`");
            return Err(GgufError::Tokenizer { what });
        };
        special.insert(token.clone(), json!({"id": token, "ids": [id], "tokens": [token]}));
        for (places, kind) in [(&mut single, 0), (&mut pair, 0)] {
            let piece = json!({"SpecialToken": {"id": token, "type_id": kind}});
            places.insert(if front { 0 } else { places.len() }, piece);
        }
    }
    if special.is_empty() {
        return Ok(Value::Null);
    }
    Ok(json!({"type": "TemplateProcessing", "single": single, "pair": pair, "special_tokens": special}))
}
