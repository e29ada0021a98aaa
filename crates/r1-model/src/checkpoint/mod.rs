//! Hugging Face safetensors in and out: one file or shards, f32, bf16 or f16.
//!
//! A parameter is a [`Slot`], made of one or more stacked tensors of the checkpoint; an architecture names them as it
//! is built ([`Parameters`](crate::Parameters)). Loading is all or nothing: a missing, surplus or misshapen tensor is
//! refused by name before any value is read. One tensor at a time is in memory beside the model, both ways.

mod slot;
mod folder;
mod source;
mod tensors;
mod packing;
mod gguf;
mod load;
mod export;
mod write;
mod numbers;

pub use export::export_gguf;
pub(crate) use gguf::GgufCheckpoint;
pub(crate) use load::reload;
pub use load::{AdapterSource, load_adapted, load_model, load_packed_model};
pub use numbers::{filled, read_numbers, write_numbers};
pub use packing::Packing;
pub use r1_gguf::FileType;
pub use slot::{Part, Slot};
pub(crate) use source::TensorSource;
pub use tensors::TensorFiles;
pub use write::{WeightType, collect_weights};
pub(crate) use write::{Writing, handles, write_weights};
