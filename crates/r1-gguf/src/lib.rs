//! GGUF files, read as Hugging Face checkpoints and written from them.
//!
//! [`Gguf::open`] maps a file and checks its header; metadata and tensors are there as the file names them.

mod cursor;
mod value;
mod metadata;
mod file;
mod error;

pub use error::GgufError;
pub use file::{Gguf, Tensor};
pub use metadata::{FromValue, Metadata};
pub use value::{Array, Value};
