//! The vocabulary as a file stores it.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::special;
use crate::error::shown;
use crate::{Gguf, GgufError};

/// Tokens of the largest vocabulary: real ones have 262,144 at the most.
const MOST_TOKENS: usize = 1 << 20;

/// Kind of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Normal,
    Unknown,
    Control,
    UserDefined,
    Unused,
    Byte,
}

pub(super) struct Vocabulary<'a> {
    pub(super) model: &'a str,
    /// Name of the division of a text, `default` where the file has none.
    pub(super) pre: &'a str,
    pub(super) tokens: &'a [String],
    pub(super) kinds: Vec<Kind>,
    /// Id of each token that is not unused.
    pub(super) ids: HashMap<&'a str, usize>,
    pub(super) bos: Option<(u64, String)>,
    pub(super) eos: Option<(u64, String)>,
    pub(super) add_bos: bool,
    pub(super) add_eos: bool,
}

impl<'a> Vocabulary<'a> {
    pub(super) fn read(gguf: &'a Gguf) -> Result<Vocabulary<'a>, GgufError> {
        let metadata = gguf.metadata();
        let model = metadata.need("tokenizer.ggml.model", "a tokenizer")?;
        let pre: &str = metadata.get("tokenizer.ggml.pre")?.unwrap_or("default");
        let tokens: &[String] = metadata.need("tokenizer.ggml.tokens", "a tokenizer")?;
        if tokens.len() > MOST_TOKENS {
            let what = format!("{} tokens are in the file, and {MOST_TOKENS} are the most", tokens.len());
            return Err(GgufError::Tokenizer { what });
        }
        let kinds = kinds(gguf, tokens.len())?;
        let mut ids = HashMap::with_capacity(tokens.len());
        for (id, token) in tokens.iter().enumerate().filter(|(id, _)| kinds[*id] != Kind::Unused) {
            if let Some(first) = ids.insert(token.as_str(), id) {
                let what = format!(
                    "tokens {first} and {id} are both `{}`; only tokens of type 5 may repeat",
                    shown(token)
                );
                return Err(GgufError::Tokenizer { what });
            }
        }
        // Where a file does not say it, these kinds have a beginning of sequence.
        let habit = model == "llama" || matches!(pre, "llama-bpe" | "llama3" | "llama-v3" | "tekken");
        let add_bos = metadata.get("tokenizer.ggml.add_bos_token")?.unwrap_or(habit);
        let add_eos = metadata.get("tokenizer.ggml.add_eos_token")?.unwrap_or(false);
        let mut vocabulary =
            Vocabulary { model, pre, tokens, kinds, ids, bos: None, eos: None, add_bos, add_eos };
        vocabulary.bos = vocabulary.special(gguf, "bos")?;
        vocabulary.eos = vocabulary.special(gguf, "eos")?;
        Ok(vocabulary)
    }

    /// Id and text of a special token, such as `bos`.
    pub(super) fn special(&self, gguf: &Gguf, name: &str) -> Result<Option<(u64, String)>, GgufError> {
        let id = special::id(gguf, name)?;
        Ok(id.map(|id| (id, self.tokens[id as usize].clone())))
    }

    /// Tokens with their ids, but for the unused.
    pub(super) fn entries(&self) -> Map<String, Value> {
        let used = self.tokens.iter().enumerate().filter(|(id, _)| self.kinds[*id] != Kind::Unused);
        used.map(|(id, token)| (token.clone(), id.into())).collect()
    }
}

fn kinds(gguf: &Gguf, len: usize) -> Result<Vec<Kind>, GgufError> {
    let key = "tokenizer.ggml.token_type";
    let Some(numbers) = gguf.metadata().get::<Vec<i64>>(key)? else { return Ok(vec![Kind::Normal; len]) };
    if numbers.len() != len {
        let what = format!("`{key}` has {} entries, and there are {len} tokens", numbers.len());
        return Err(GgufError::Tokenizer { what });
    }
    let kind = |(id, number): (usize, &i64)| match number {
        // Some converters leave it undefined.
        0 | 1 => Ok(Kind::Normal),
        2 => Ok(Kind::Unknown),
        3 => Ok(Kind::Control),
        4 => Ok(Kind::UserDefined),
        5 => Ok(Kind::Unused),
        6 => Ok(Kind::Byte),
        _ => {
            Err(GgufError::Tokenizer { what: format!("token {id} has type {number}; types go from 1 to 6") })
        }
    };
    numbers.iter().enumerate().map(kind).collect()
}
