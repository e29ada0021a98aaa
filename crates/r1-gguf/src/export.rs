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
/// ```no_run
/// use r1_gguf::{Export, FileType};
/// # let (config, tokenizer, tokenizer_config) = (serde_json::json!({}), serde_json::json!({}), serde_json::json!({}));
/// # fn load(name: &str) -> Vec<f32> { vec![0.0; 64 * 32] }
///
/// let export = Export::new(&config, &tokenizer, &tokenizer_config, FileType::Q4KM)?;
/// let tensors = [("model.embed_tokens.weight".to_string(), vec![64, 32])]; // and all others
/// export.write("model.gguf", tensors, |name, values| Ok(*values = load(name)))?;
/// # Ok::<(), r1_gguf::GgufError>(())
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

    /// Writes the file: beside its place first, and into place once it is whole.
    ///
    /// `tensors` names all weights with their shapes, and `load` fills a vector with one of them (`[rows, columns]`,
    /// row after row) when its turn comes. One tensor is in memory at a time; of experts, one expert.
    ///
    /// # Errors
    /// [`GgufError::Exists`] if the file is there, [`GgufError::Tensor`] for a weight that has no place or another
    /// shape, [`GgufError::Load`] from `load`, [`GgufError::Quant`] for weights that the format cannot hold,
    /// [`GgufError::Io`].
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
