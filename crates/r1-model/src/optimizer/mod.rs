//! From gradients to the next weights.

pub mod gradients;
pub mod schedule;
pub mod adamw;
mod saved;

pub use crate::kernels::adamw_step::Moments;
pub use adamw::{AdamW, AdamWConfig};
pub use gradients::GradientStore;
pub use schedule::Schedule;
