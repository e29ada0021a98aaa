//! Special tokens named in `tokenizer_config.json`.

use std::{io, path::Path};

use serde::Deserialize;

use crate::DataError;

/// The special tokens' texts.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct SpecialTokens {
    pub(crate) bos: Option<String>,
    pub(crate) eos: Option<String>,
    /// True when plain prompts begin with `bos`; none leaves it to the tokenizer.
    pub(crate) add_bos: Option<bool>,
}

/// Other fields of the file are many and none of our business.
#[derive(Deserialize)]
struct Fields {
    #[serde(default)]
    bos_token: Option<Token>,
    #[serde(default)]
    eos_token: Option<Token>,
    #[serde(default)]
    add_bos_token: Option<bool>,
}

/// A token is written as its text, or as an object with its text and its settings.
#[derive(Deserialize)]
#[serde(untagged)]
enum Token {
    Text(String),
    Object { content: String },
}

impl Token {
    fn text(self) -> String {
        match self {
            Self::Text(content) | Self::Object { content } => content,
        }
    }
}

impl SpecialTokens {
    /// Reads the file; without one there are no names.
    pub(crate) fn load(path: &Path) -> Result<Self, DataError> {
        let bytes = match std::fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(source) => return Err(DataError::Read { path: path.to_owned(), source }),
        };
        let fields: Fields = serde_json::from_slice(&bytes)
            .map_err(|error| DataError::Tokenizer { path: path.to_owned(), reason: error.to_string() })?;
        Ok(Self {
            bos: fields.bos_token.map(Token::text),
            eos: fields.eos_token.map(Token::text),
            add_bos: fields.add_bos_token,
        })
    }
}
