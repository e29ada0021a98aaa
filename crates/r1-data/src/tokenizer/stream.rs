//! Decoding one token at a time.

use super::Tokenizer;
use crate::DataError;

/// Gives the text of ids as they come, never half a character.
///
/// A token can end in the middle of a character, and a token's text can depend on the one before it.
/// So each step decodes the last few ids together and gives only what is new and whole; the rest
/// follows with the next id, or with [`finish`](Self::finish). Tokens of single bytes, `<0xE4>`, are held
/// back until another token ends their run.
///
/// ```
/// # use r1_data::tokenizer::Tokenizer;
/// # let folder = tempfile::tempdir()?;
/// # let tokenizer = Tokenizer::characters("abc", &[], folder.path())?;
/// let mut stream = tokenizer.stream(true);
/// let mut text = String::new();
/// for id in tokenizer.encode("abcab")? {
///     text += &stream.push(id)?;
/// }
/// text += &stream.finish()?;
/// assert_eq!(text, "abcab");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct TokenStream<'a> {
    tokenizer: &'a Tokenizer,
    skip_special: bool,
    /// The last whole piece's ids as context, then the ids behind it.
    ids: Vec<u32>,
    /// Number of `ids` that are context.
    context: usize,
    /// Number of bytes of the text of `ids` that were given already.
    given: usize,
}

/// The character in place of bytes that are no character, or not yet.
const REPLACEMENT: char = '\u{FFFD}';

impl<'a> TokenStream<'a> {
    pub(super) fn new(tokenizer: &'a Tokenizer, skip_special: bool) -> Self {
        Self { tokenizer, skip_special, ids: Vec::new(), context: 0, given: 0 }
    }

    /// Takes the next id and gives the text that became certain, often that of the id alone.
    ///
    /// # Errors
    /// [`DataError::Tokenizer`] when the tokenizer's decoder fails.
    pub fn push(&mut self, id: u32) -> Result<String, DataError> {
        self.ids.push(id);
        // A run of byte tokens is one text or, when it is no UTF-8, one replacement a byte: only its end tells.
        if self.tokenizer.is_byte(id) {
            return Ok(String::new());
        }
        let text = self.tokenizer.decode(&self.ids, self.skip_special)?;
        // An unfinished character at the end decodes to exactly one replacement character.
        let whole = text.strip_suffix(REPLACEMENT).unwrap_or(&text);
        let new = whole.get(self.given..).unwrap_or_default().to_owned();
        self.given = self.given.max(whole.len());
        if whole.len() == text.len() {
            self.ids.drain(..self.context);
            self.context = self.ids.len();
            self.given = self.tokenizer.decode(&self.ids, self.skip_special)?.len();
        }
        Ok(new)
    }

    /// Gives what is left when no more ids come: the replacement of an unfinished character, if any.
    ///
    /// # Errors
    /// [`DataError::Tokenizer`] when the tokenizer's decoder fails.
    pub fn finish(self) -> Result<String, DataError> {
        let text = self.tokenizer.decode(&self.ids, self.skip_special)?;
        Ok(text.get(self.given..).unwrap_or_default().to_owned())
    }
}
