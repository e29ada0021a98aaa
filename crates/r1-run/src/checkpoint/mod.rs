//! Checkpoints: folders that are whole or refused, and the last few of a run.
//!
//! A trainer fills the folder with files of its own and writes its state last, with [`write_state`]; whoever goes on
//! from it opens it with [`Checkpoint::open`] and knows that every file is there in full length.

mod folder;
mod series;

pub use folder::{Checkpoint, CheckpointNote, agreed, damaged, write_state};
pub use series::{Better, Checkpoints};
