//! Hugging Face tokenizers (`tokenizer.json`), and small ones of our own in the same format.

mod bytes;
mod characters;
mod stream;

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::{DataError, tokenizer_config::SpecialTokens};

pub use stream::TokenStream;

/// Turns text into token ids and back, as the `tokenizers` library does for the same file.
///
/// Cloning is cheap: the clones share one vocabulary.
///
/// ```
/// use r1_data::tokenizer::Tokenizer;
///
/// let folder = tempfile::tempdir()?;
/// let tokenizer = Tokenizer::characters("0123456789+=", &["<|end|>", "<think>"], folder.path())?;
/// let ids = tokenizer.encode("<think>1+2=3<|end|>")?;
/// assert_eq!(ids.len(), 7);
/// assert_eq!(tokenizer.decode(&ids, true)?, "<think>1+2=3");
/// assert_eq!(tokenizer.eos(), Some("<|end|>"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Tokenizer {
    inner: Arc<tokenizers::Tokenizer>,
    path: PathBuf,
    bos: Option<String>,
    eos: Option<String>,
    /// The ids in front of a plain prompt.
    prefix: Vec<u32>,
}

impl Tokenizer {
    /// Reads a `tokenizer.json`, or the one in a model's folder, and the names of the special tokens
    /// from the `tokenizer_config.json` beside it, when there is one.
    ///
    /// Truncation and padding that the file asks for are switched off: ids are never lost or added.
    ///
    /// # Errors
    /// [`DataError::Read`] when a file cannot be read, and [`DataError::Tokenizer`] when it is not a
    /// tokenizer or its config is not JSON.
    pub fn load(path: impl AsRef<Path>) -> Result<Self, DataError> {
        let path = path.as_ref();
        let path = if path.is_dir() { path.join("tokenizer.json") } else { path.to_owned() };
        let bytes = std::fs::read(&path).map_err(|source| DataError::Read { path: path.clone(), source })?;
        let broken = |reason: String| DataError::Tokenizer { path: path.clone(), reason };
        let mut inner = tokenizers::Tokenizer::from_bytes(bytes).map_err(|error| {
            broken(format!("{error}; a `tokenizer.json` of the tokenizers library is needed"))
        })?;
        inner.with_truncation(None).map_err(|error| broken(error.to_string()))?;
        inner.with_padding(None);
        let special = SpecialTokens::load(&path.with_file_name("tokenizer_config.json"))?;
        let prefix = prefix(&inner, &special).map_err(|error| broken(error.to_string()))?;
        Ok(Self { inner: Arc::new(inner), path, bos: special.bos, eos: special.eos, prefix })
    }

    /// Writes a tokenizer with one token for each character, and loads it: `tokenizer.json` and
    /// `tokenizer_config.json` in `folder`, in the format of Hugging Face, for small models.
    ///
    /// The ids are: 0 for `<unk>`, which stands for every character that is not in `alphabet`; then
    /// `added` in order; then the characters in order, each once. An added token is recognised as a
    /// whole. Those of the form `<|..|>` are special: decoding can leave them out, and the first of them
    /// is the end-of-sequence token. Others, such as `<think>`, are ordinary text.
    ///
    /// # Errors
    /// [`DataError::Tokenizer`] when the alphabet is empty or an added token is empty, listed twice, a
    /// character of the alphabet or `<unk>`, and [`DataError::Write`] when a file cannot be written.
    pub fn characters(alphabet: &str, added: &[&str], folder: impl AsRef<Path>) -> Result<Self, DataError> {
        characters::write(alphabet, added, folder.as_ref())?;
        Self::load(folder)
    }

    /// The ids of a text. Nothing is added around it; tokens such as `<|im_end|>` that stand in the
    /// text are recognised.
    ///
    /// # Errors
    /// [`DataError::Tokenizer`] when the tokenizer cannot express the text.
    pub fn encode(&self, text: &str) -> Result<Vec<u32>, DataError> {
        let encoding = self.inner.encode_fast(text, false).map_err(|error| self.error(error))?;
        Ok(encoding.get_ids().to_vec())
    }

    /// The ids of a plain prompt: those of the text, behind the tokens that the tokenizer puts in front of a
    /// sequence, such as `<s>`. A text that begins with them already gets no second ones.
    ///
    /// What comes in front is what `post_processor` of `tokenizer.json` says, and the token that begins a
    /// sequence when `add_bos_token` of `tokenizer_config.json` is true; none when it is false. The rendering of
    /// a chat template has its own and is encoded by [`encode`](Self::encode).
    ///
    /// # Errors
    /// As [`encode`](Self::encode).
    pub fn encode_prompt(&self, text: &str) -> Result<Vec<u32>, DataError> {
        let ids = self.encode(text)?;
        if ids.starts_with(&self.prefix) {
            return Ok(ids);
        }
        Ok([self.prefix.as_slice(), &ids].concat())
    }

    /// The text of some ids; ids that name no token are left out. With `skip_special` the special
    /// tokens are left out, too.
    ///
    /// # Errors
    /// [`DataError::Tokenizer`] when the tokenizer's decoder fails.
    pub fn decode(&self, ids: &[u32], skip_special: bool) -> Result<String, DataError> {
        self.inner.decode(ids, skip_special).map_err(|error| self.error(error))
    }

    /// Decodes ids as they come; see [`TokenStream`].
    pub fn stream(&self, skip_special: bool) -> TokenStream<'_> {
        TokenStream::new(self, skip_special)
    }

    /// The id of a token, if it has that very text in the vocabulary.
    pub fn token_to_id(&self, token: &str) -> Option<u32> {
        self.inner.token_to_id(token)
    }

    /// The token with an id as the vocabulary spells it, which is not always its text.
    pub fn id_to_token(&self, id: u32) -> Option<String> {
        self.inner.id_to_token(id)
    }

    /// True for a token of one byte in the spelling of byte fallback, `<0xE4>`.
    fn is_byte(&self, id: u32) -> bool {
        let token = self.inner.id_to_token(id).unwrap_or_default();
        let digits = token.strip_prefix("<0x").and_then(|token| token.strip_suffix('>'));
        digits.is_some_and(|digits| digits.len() == 2 && u8::from_str_radix(digits, 16).is_ok())
    }

    /// The number of tokens, added ones included.
    pub fn vocab_size(&self) -> usize {
        self.inner.get_vocab_size(true)
    }

    /// The token that begins a sequence, as `tokenizer_config.json` names it.
    pub fn bos(&self) -> Option<&str> {
        self.bos.as_deref()
    }

    /// The token that ends a sequence, as `tokenizer_config.json` names it.
    pub fn eos(&self) -> Option<&str> {
        self.eos.as_deref()
    }

    /// The ids of tokens that must be there.
    ///
    /// # Errors
    /// [`DataError::Tokenizer`] naming every one that is missing.
    pub fn require(&self, tokens: &[&str]) -> Result<Vec<u32>, DataError> {
        let missing: Vec<String> = tokens
            .iter()
            .filter(|token| self.token_to_id(token).is_none())
            .map(|token| format!("`{token}`"))
            .collect();
        if missing.is_empty() {
            return Ok(tokens.iter().filter_map(|token| self.token_to_id(token)).collect());
        }
        let reason =
            format!("lacks {}; add it to the vocabulary or choose another model", missing.join(", "));
        Err(DataError::Tokenizer { path: self.path.clone(), reason })
    }

    /// The file it was read from.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn error(&self, error: tokenizers::Error) -> DataError {
        DataError::Tokenizer { path: self.path.clone(), reason: error.to_string() }
    }
}

/// The ids that stand in front of every sequence.
fn prefix(inner: &tokenizers::Tokenizer, special: &SpecialTokens) -> tokenizers::Result<Vec<u32>> {
    let bos = special.bos.as_deref().and_then(|bos| inner.token_to_id(bos));
    let processed = inner.encode_fast("", true)?;
    let mut prefix = processed.get_ids().to_vec();
    // What is put behind a sequence ends it, and a prompt goes on.
    let one_token = (0..).find_map(|id| Some(id).filter(|id| !prefix.contains(id)));
    let probe = one_token.and_then(|id| inner.id_to_token(id)).unwrap_or_default();
    let (bare, whole) = (inner.encode_fast(probe.as_str(), false)?, inner.encode_fast(probe.as_str(), true)?);
    if let Some(first) = bare.get_ids().first() {
        prefix = whole.get_ids().iter().copied().take_while(|id| id != first).collect();
    }
    match (special.add_bos, bos) {
        (Some(true), Some(bos)) if !prefix.contains(&bos) => prefix.insert(0, bos),
        (Some(false), Some(bos)) => prefix.retain(|id| *id != bos),
        _ => {}
    }
    Ok(prefix)
}

impl fmt::Debug for Tokenizer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Tokenizer")
            .field("path", &self.path)
            .field("vocab_size", &self.vocab_size())
            .field("bos", &self.bos)
            .field("eos", &self.eos)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
