//! GGUF files, read as Hugging Face checkpoints and written from them.
//!
//! [`Gguf::open`] maps a file and checks its header; metadata and tensors are there as the file names them.
//! [`Gguf::config`] and [`Gguf::weights`] give the same as a Hugging Face checkpoint has it.

mod cursor;
mod value;
mod metadata;
mod file;
mod config;
mod weights;
mod tokenizer;
mod export;
mod error;

pub use error::GgufError;
pub use export::{Export, FileType, LoadError};
pub use file::{Gguf, Tensor};
pub use metadata::{FromValue, Metadata};
pub use value::{Array, Value};
pub use weights::Weight;
