//! Errors of this crate.

use std::path::PathBuf;

use r1_quant::QuantError;

/// Reason why a GGUF file was not read or not written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GgufError {
    /// A file could not be opened, mapped or written.
    #[error("{path}: cannot {what}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What was tried.
        what: &'static str,
        /// The system's reason.
        source: std::io::Error,
    },
    /// The bytes are no GGUF file of a version that is read.
    #[error("{what}; what is read are little-endian GGUF files of version 2 and 3")]
    NotGguf {
        /// What stands at the beginning instead.
        what: String,
    },
    /// The header contradicts itself or the file's length.
    #[error("{field} at byte {offset}: {what}; the file is damaged or cut off, fetch it again")]
    Damaged {
        /// What was being read.
        field: String,
        /// Place in the file.
        offset: u64,
        /// What is wrong there.
        what: String,
    },
    /// A tensor is stored in a format that is not read.
    #[error("tensor `{tensor}` is stored as {format}, which is not read; take a file of type {}", READ_TYPES)]
    Format {
        /// The tensor.
        tensor: String,
        /// Name or number of the format.
        format: String,
    },
    /// The parts of a split file do not belong together.
    #[error(
        "{path}: {what}; put all parts, named NAME-00001-of-0000N.gguf, into one folder and open the first"
    )]
    Split {
        /// The part.
        path: PathBuf,
        /// What is wrong.
        what: String,
    },
    /// A key that is needed is not in the file.
    #[error(
        "the file has no `{key}`, which {needed_by} needs; convert the model again with a current converter"
    )]
    MissingKey {
        /// The key.
        key: String,
        /// What needs it.
        needed_by: &'static str,
    },
    /// The value of a key is of another type, or out of range.
    #[error("`{key}` is {found}, and {expected} is expected")]
    Value {
        /// The key.
        key: String,
        /// What the file holds.
        found: String,
        /// What it should be.
        expected: String,
    },
    /// The model's architecture is not known here.
    #[error("architecture `{architecture}` is not known; known are {}", KNOWN)]
    Architecture {
        /// The file's `general.architecture`.
        architecture: String,
    },
    /// A tensor that is needed is not in the file, or has another shape.
    #[error("tensor `{tensor}`: {what}")]
    Tensor {
        /// The tensor.
        tensor: String,
        /// What is wrong.
        what: String,
    },
    /// The vocabulary cannot be expressed as a tokenizer.
    #[error("tokenizer: {what}")]
    Tokenizer {
        /// What is wrong, and the way out.
        what: String,
    },
    /// A weight to be written could not be loaded.
    #[error("tensor `{tensor}` could not be loaded: {source}")]
    Load {
        /// The tensor.
        tensor: String,
        /// The caller's reason.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// There is no file type of this name.
    #[error("file type `{name}` is none of f32, f16, bf16, q8_0, q4_k_m")]
    FileType {
        /// The name.
        name: String,
    },
    /// A file stands where one was to be written.
    #[error("{path} is there already; choose another name, or say that it may be replaced")]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// There is no room for the file.
    #[error(
        "{path} takes {bytes} bytes, and there is no room for them ({source}); free some, or choose another folder or type"
    )]
    NoSpace {
        /// The file.
        path: PathBuf,
        /// Its length.
        bytes: u64,
        /// The system's reason.
        source: std::io::Error,
    },
    /// Weights could not be encoded.
    #[error("tensor `{tensor}` cannot be written: {source}")]
    Quant {
        /// The tensor.
        tensor: String,
        /// The reason.
        source: QuantError,
    },
}

const READ_TYPES: &str = "Q4_K_M, Q5_K_M, Q6_K, Q8_0, Q4_0, F16 or BF16";
/// Names that `Architecture::of` knows.
const KNOWN: &str = "llama, qwen2, qwen3, qwen2moe, qwen3moe, deepseek2";

/// Beginning of a text of a file, fit for a message of one line.
pub(crate) fn shown(text: &str) -> String {
    const MOST: usize = 60;
    let mut shown: String = text.chars().take(MOST).flat_map(char::escape_debug).collect();
    if text.chars().nth(MOST).is_some() {
        shown.push('…');
    }
    shown
}
