//! GGUF files, read as Hugging Face checkpoints and written from them.
//!
//! [`Gguf::open`] maps a file and checks its header. What it holds is there twice: as the file names it
//! ([`Gguf::metadata`], [`Gguf::tensors`]), and as a Hugging Face checkpoint has it:
//!
//! | of the file | as |
//! |---|---|
//! | [`Gguf::config`] | config.json |
//! | [`Gguf::generation_config`] | generation_config.json: begin, ends, sampling |
//! | [`Gguf::tokenizer_json`] | tokenizer.json |
//! | [`Gguf::tokenizer_config`] | tokenizer_config.json: special tokens, `add_bos_token`, `chat_template` |
//! | [`Gguf::weights`] | names, shapes and block formats; each [`Weight`] as f32 by rows, as raw blocks, or as its place in the map ([`Weight::bytes_shared`]) |
//!
//! ```
//! use r1_gguf::Gguf;
//! # let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/llama.gguf");
//!
//! let gguf = Gguf::open(path)?;
//! assert_eq!(gguf.config()?["model_type"], "llama");
//! assert_eq!(gguf.generation_config()?["eos_token_id"], serde_json::json!([2, 4]));
//! for weight in gguf.weights()? {
//!     let mut row = Vec::new();
//!     weight.rows_to_f32(0..1, &mut row); // decoded on the way
//!     assert_eq!(row.len(), weight.columns());
//!     if let Some(blocks) = weight.blocks() {
//!         let row_bytes = weight.block_type().bytes_of(weight.columns());
//!         assert_eq!(Some(blocks.len() / weight.rows()), row_bytes); // as stored, q and k in order
//!     }
//! }
//! # Ok::<(), r1_gguf::GgufError>(())
//! ```
//!
//! [`Export`] writes such a file from the parts of a checkpoint.
//!
//! # Invariants
//! - A file that opened is whole: every tensor's bytes lie inside it, and no two tensors share bytes. What follows from
//!   a contradiction in its metadata is an error, never a panic.
//! - Memory grows with the file's header and with what is decoded, not with a number that the file names.

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
pub use file::{Gguf, SharedBytes, Tensor};
pub use metadata::{FromValue, Metadata};
pub use value::{Array, Value};
pub use weights::Weight;
