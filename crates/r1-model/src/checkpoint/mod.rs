//! Hugging Face safetensors in and out: one file or shards, f32, bf16 or f16.
//!
//! Names are a table: an architecture lists its [`Slot`]s, each made of one or more stacked tensors
//! of the checkpoint. Loading is all or nothing: a missing, surplus or misshapen tensor is refused by
//! name before any model exists.

mod read;
mod write;
mod numbers;

pub use numbers::{filled, read_numbers, write_numbers};
pub use read::read_weights;
pub use write::{WeightType, collect_weights, write_weights};

/// One parameter of a model and the checkpoint tensors it is stacked from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    /// The parameter's path in the module, for example `blocks.0.attention.qkv.weight`.
    pub path: String,
    /// Its shape.
    pub shape: Vec<usize>,
    /// The tensors that make it up, stacked along the first axis.
    pub parts: Vec<Part>,
}

impl Slot {
    /// The shape of one part.
    pub fn part_shape(&self, part: &Part) -> Vec<usize> {
        let mut shape = self.shape.clone();
        shape[0] = part.rows;
        shape
    }
}

/// A checkpoint tensor and how many rows of the parameter it fills.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// The tensor's name in the checkpoint.
    pub name: String,
    /// Its rows.
    pub rows: usize,
}
