//! Files written from the parts of a Hugging Face checkpoint.

mod model_keys;
mod special;
mod tokenizer_keys;
mod limits;
mod mixture;
mod plan;
mod complete;
mod file;

use std::path::Path;

use serde_json::Value;

use crate::{GgufError, Metadata};
pub use mixture::FileType;

/// Reason why a weight was not loaded.
pub type LoadError = Box<dyn std::error::Error + Send + Sync>;

/// A Hugging Face checkpoint that becomes a GGUF file.
///
/// The architectures written are those of `model_type` `llama`, `mistral`, `qwen2`, `qwen3`, `qwen2_moe` and
/// `qwen3_moe`.
///
/// # Examples
/// ```
/// use r1_gguf::{Export, FileType, Gguf};
/// # let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/tiny-qwen2.gguf");
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("model.gguf");
///
/// let gguf = Gguf::open(source)?;
/// let (config, tokenizer, chat) = (gguf.config()?, gguf.tokenizer_json()?, gguf.tokenizer_config()?);
/// let weights = gguf.weights()?;
/// let export = Export::new(&config, &tokenizer, &chat, FileType::Q8_0)?;
/// let shapes = weights.iter().map(|weight| (weight.name().to_owned(), weight.shape().to_vec()));
/// export.write(&path, shapes, |name, values| {
///     weights.iter().find(|weight| weight.name() == name).ok_or("no such weight")?.to_f32(values);
///     Ok(())
/// })?;
/// assert_eq!(Gguf::open(&path)?.config()?, config);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Export<'a> {
    config: &'a Value,
    metadata: Metadata,
    architecture: crate::config::Architecture,
    file_type: FileType,
    replace: bool,
}

impl<'a> Export<'a> {
    /// Translates config.json, tokenizer.json and tokenizer_config.json (with its `chat_template`) to metadata.
    ///
    /// # Errors
    /// [`GgufError::Architecture`], [`GgufError::Value`] or [`GgufError::Tokenizer`] for what cannot be expressed.
    pub fn new(
        config: &'a Value,
        tokenizer: &Value,
        tokenizer_config: &Value,
        file_type: FileType,
    ) -> Result<Export<'a>, GgufError> {
        let (architecture, mut metadata) = model_keys::metadata(config, file_type)?;
        tokenizer_keys::add(&mut metadata, config, tokenizer, tokenizer_config)?;
        Ok(Export { config, metadata, architecture, file_type, replace: false })
    }

    /// Sets a key of the metadata, such as `general.name`.
    pub fn set(mut self, key: &str, value: crate::Value) -> Export<'a> {
        self.metadata.set(key, value);
        self
    }

    /// Lets [`Export::write`] replace a file that is there.
    pub fn replace(mut self) -> Export<'a> {
        self.replace = true;
        self
    }

    /// Writes the file: beside its place first, and into place once it is whole. Whoever kills the process leaves
    /// `NAME.XXXXXX.part` behind, which may be removed.
    ///
    /// `tensors` names all weights with their shapes, and `load` fills a vector with one of them (`[rows, columns]`,
    /// row after row) when its turn comes. One tensor is in memory at a time; of experts, one expert.
    ///
    /// # Errors
    /// [`GgufError::Exists`] if the file is there, even if it appeared meanwhile; [`GgufError::Tensor`] for a weight that
    /// has no place, is missing or has another shape than config.json gives it; [`GgufError::Load`] from `load`;
    /// [`GgufError::Quant`] for weights that the format cannot hold; [`GgufError::NoSpace`] and [`GgufError::Io`].
    pub fn write(
        &self,
        path: impl AsRef<Path>,
        tensors: impl IntoIterator<Item = (String, Vec<usize>)>,
        load: impl FnMut(&str, &mut Vec<f32>) -> Result<(), LoadError>,
    ) -> Result<(), GgufError> {
        let plan = plan::Plan::new(self, tensors)?;
        file::write(path.as_ref(), &self.metadata, &plan, self.replace, load)
    }
}
