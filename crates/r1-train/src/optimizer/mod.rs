//! From gradients to the next weights.

mod schedule;
mod adamw;
mod saved;

pub use adamw::{AdamW, AdamWConfig};
pub use schedule::Schedule;
