//! What can go wrong with a model.

use std::{io, path::PathBuf};

/// Why a model could not be read, built, trained or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ModelError {
    /// A file of the checkpoint could not be read. Check the path and that the download is complete.
    #[error("cannot read `{}`: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file could not be written. Nothing that stood there before was touched.
    #[error("cannot write `{}`: {source}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// `config.json` is not valid, or lacks a field.
    #[error("config `{}`: {reason}", path.display())]
    Config {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The architecture is none that r1 knows.
    #[error("architecture `{architecture}` is not supported; r1 knows {known}")]
    UnknownArchitecture {
        /// `model_type` of the config.
        architecture: String,
        /// The model types r1 can load.
        known: String,
    },
    /// A file of the folder shows that it holds no weights that r1 reads, or not those of a whole model.
    #[error("`{}` {reason}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What it is, and the way out.
        reason: String,
    },
    /// An adapter is not possible, or does not go with its model.
    #[error("adapter: {reason}")]
    Adapter {
        /// What is wrong, and the way out.
        reason: String,
    },
    /// A tensor belongs to quantised weights.
    #[error(
        "tensor `{name}` belongs to quantised weights; r1 reads F32, BF16 and F16: take the model's unquantised checkpoint"
    )]
    Quantized {
        /// The tensor.
        name: String,
    },
    /// A safetensors file is damaged. Download it again.
    #[error("checkpoint file `{}` is damaged ({reason}); download it again", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What the parser said.
        reason: String,
    },
    /// The checkpoint lacks tensors that the model needs; nothing was loaded.
    #[error("checkpoint lacks {}; it is incomplete or of another architecture", listed(names))]
    MissingTensors {
        /// Their names.
        names: Vec<String>,
    },
    /// The checkpoint holds tensors that the model has no place for; nothing was loaded.
    #[error("checkpoint has surplus {}; it is of another architecture", listed(names))]
    SurplusTensors {
        /// Their names.
        names: Vec<String>,
    },
    /// A tensor has another shape than the config says.
    #[error("tensor `{name}` has shape {found:?}; the config asks for {expected:?}")]
    Shape {
        /// The tensor.
        name: String,
        /// The file's shape.
        found: Vec<usize>,
        /// The config's.
        expected: Vec<usize>,
    },
    /// A tensor has a data type that cannot be weights.
    #[error("tensor `{name}` has data type {dtype}; weights must be F32, BF16 or F16")]
    DataType {
        /// The tensor.
        name: String,
        /// The file's data type.
        dtype: String,
    },
    /// A weight is NaN or infinite.
    #[error("tensor `{name}` holds a value that is not finite; the checkpoint is damaged")]
    NotFinite {
        /// The tensor.
        name: String,
    },
    /// A GGUF file is damaged, or holds a model that r1 does not know.
    #[error("`{}`: {source}", path.display())]
    Gguf {
        /// The file.
        path: PathBuf,
        /// What is wrong, and the way out.
        source: r1_gguf::GgufError,
    },
    /// A weight matrix cannot be packed.
    #[error("tensor `{name}`: {source}")]
    Pack {
        /// The tensor.
        name: String,
        /// Why, and the way out.
        source: r1_quant::QuantError,
    },
    /// A model with packed weights is asked for what needs them in f32.
    #[error(
        "the weights are packed for generation, and {wanted} needs them in f32; load the model's Hugging Face folder \
         without packing"
    )]
    Packed {
        /// What was to be done.
        wanted: &'static str,
    },
    /// `R1_DEVICE` names no device of this build.
    #[error("device `{name}` is not available; this build has {available}")]
    Device {
        /// What was asked for.
        name: String,
        /// What could be.
        available: String,
    },
    /// The tokenizer does not go with the model.
    #[error("tokenizer has {tokenizer} tokens but the model only {model}; they do not belong together")]
    Vocabulary {
        /// The tokenizer's size.
        tokenizer: usize,
        /// The model's.
        model: usize,
    },
    /// A token id lies outside the vocabulary.
    #[error("token id {id} lies outside the vocabulary of {vocab}")]
    TokenId {
        /// The id.
        id: u32,
        /// The vocabulary's size.
        vocab: usize,
    },
    /// The run's folder could not be written.
    #[error(transparent)]
    Run(#[from] r1_run::RunError),
    /// Tokenizer or template trouble.
    #[error(transparent)]
    Data(#[from] r1_data::DataError),
}

/// The first names of a list and how many more there are.
fn listed(names: &[String]) -> String {
    let shown: Vec<String> = names.iter().take(4).map(|name| format!("`{name}`")).collect();
    let more = names.len().saturating_sub(shown.len());
    let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{} {}{rest}", if names.len() == 1 { "tensor" } else { "tensors" }, shown.join(", "))
}
