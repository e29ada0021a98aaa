//! The bytes that each token stands for.

use serde_json::Value;

use super::Tokenizer;
use crate::DataError;

/// How a vocabulary spells bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Spelling {
    /// Each byte is a character, in GPT-2's table.
    ByteLevel,
    /// The text itself, with another character for a blank, and `<0xE4>` for a byte.
    Text { blank: Option<char> },
}

impl Tokenizer {
    /// The bytes of each id; empty for added tokens, which are marks and no text, and for ids without a token.
    ///
    /// Bytes in a row need not be characters: a token may hold a part of one.
    ///
    /// # Errors
    /// [`DataError::Tokenizer`] for a decoder that does more than to spell bytes, as that of WordPiece does.
    ///
    /// ```
    /// # use r1_data::tokenizer::Tokenizer;
    /// # let folder = tempfile::tempdir()?;
    /// let tokenizer = Tokenizer::characters("ab", &["<|end|>"], folder.path())?;
    /// let bytes = tokenizer.token_bytes()?;
    /// assert_eq!(bytes[tokenizer.encode("b")?[0] as usize], b"b");
    /// assert!(bytes[tokenizer.encode("<|end|>")?[0] as usize].is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn token_bytes(&self) -> Result<Vec<Vec<u8>>, DataError> {
        let decoder = serde_json::to_value(self.inner.get_decoder()).unwrap_or(Value::Null);
        let spelling = spelling(&decoder).ok_or_else(|| DataError::Tokenizer {
            path: self.path.clone(),
            reason: format!("has the decoder {}, which does not tell the bytes of a token", decoder["type"]),
        })?;
        let added = self.inner.get_added_tokens_decoder();
        let past = added.keys().map(|id| id + 1).max().unwrap_or(0);
        let size = u32::try_from(self.vocab_size()).unwrap_or(u32::MAX).max(past);
        let bytes = |id: u32| match self.inner.id_to_token(id) {
            Some(token) if !added.contains_key(&id) => spelling.bytes(&token),
            _ => Vec::new(),
        };
        Ok((0..size).map(bytes).collect())
    }
}

/// The spelling that a decoder undoes, if it does nothing else of weight.
fn spelling(decoder: &Value) -> Option<Spelling> {
    let blank = |text: &Value| {
        let mut characters = text.as_str()?.chars();
        characters.next().filter(|_| characters.next().is_none())
    };
    match decoder["type"].as_str() {
        None if decoder.is_null() => Some(Spelling::Text { blank: None }),
        Some("ByteLevel") => Some(Spelling::ByteLevel),
        Some("Fuse" | "ByteFallback" | "Strip") => Some(Spelling::Text { blank: None }),
        Some("Metaspace") => Some(Spelling::Text { blank: blank(&decoder["replacement"]) }),
        Some("Replace") if decoder["content"] == " " => {
            Some(Spelling::Text { blank: Some(blank(&decoder["pattern"]["String"])?) })
        }
        Some("Sequence") => {
            let mut whole = Spelling::Text { blank: None };
            for part in decoder["decoders"].as_array()? {
                match spelling(part)? {
                    Spelling::Text { blank: None } => {}
                    part => whole = part,
                }
            }
            Some(whole)
        }
        _ => None,
    }
}

impl Spelling {
    fn bytes(self, token: &str) -> Vec<u8> {
        match self {
            Self::ByteLevel => {
                // A token with a character outside of the table is its own text, as the decoder has it.
                let bytes: Option<Vec<u8>> = token.chars().map(byte).collect();
                bytes.unwrap_or_else(|| token.as_bytes().to_vec())
            }
            Self::Text { blank } => {
                let digits = token.strip_prefix("<0x").and_then(|token| token.strip_suffix('>'));
                let byte = digits.filter(|digits| digits.len() == 2);
                match byte.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
                    Some(byte) => vec![byte],
                    None => match blank {
                        Some(blank) => token.replace(blank, " ").into_bytes(),
                        None => token.as_bytes().to_vec(),
                    },
                }
            }
        }
    }
}

/// The byte of a character in GPT-2's table: printable ones stand for themselves, the others in order from U+0100.
fn byte(character: char) -> Option<u8> {
    let itself = |byte: u8| matches!(byte, b'!'..=b'~' | 0xA1..=0xAC | 0xAE..=0xFF);
    match u32::from(character) {
        code @ 0..=0xFF => Some(code as u8).filter(|byte| itself(*byte)),
        code => (0..=u8::MAX).filter(|byte| !itself(*byte)).nth(code as usize - 0x100),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_has_one_character() {
        let mut found: Vec<u8> = (0..0x200).filter_map(char::from_u32).filter_map(byte).collect();
        found.sort_unstable();
        assert_eq!(found, (0..=u8::MAX).collect::<Vec<_>>());
        assert_eq!(
            (byte('Ġ'), byte('Ċ'), byte('a'), byte('｜')),
            (Some(b' '), Some(b'\n'), Some(b'a'), None)
        );
    }

    #[test]
    fn the_decoder_tells_the_spelling() {
        let llama = serde_json::json!({"type": "Sequence", "decoders": [
            {"type": "Replace", "pattern": {"String": "▁"}, "content": " "},
            {"type": "ByteFallback"}, {"type": "Fuse"},
            {"type": "Strip", "content": " ", "start": 1, "stop": 0},
        ]});
        let text = spelling(&llama).unwrap();
        assert_eq!(text, Spelling::Text { blank: Some('▁') });
        assert_eq!((text.bytes("▁so"), text.bytes("<0xE4>")), (b" so".to_vec(), vec![0xE4]));
        assert_eq!(text.bytes("<0xZZ>"), b"<0xZZ>");
        assert_eq!(spelling(&serde_json::json!({"type": "ByteLevel"})).unwrap().bytes("Ġa"), b" a");
        assert_eq!(spelling(&serde_json::json!({"type": "WordPiece"})), None);
    }
}
