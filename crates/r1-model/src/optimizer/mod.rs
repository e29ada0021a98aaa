//! From gradients to the next weights.

pub mod gradients;
pub mod schedule;
pub mod adamw;
mod saved;

pub use adamw::{AdamW, AdamWConfig, Moments};
pub use gradients::GradientStore;
pub use schedule::Schedule;
