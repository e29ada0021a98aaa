//! Labels of the steps of a policy's own solutions, by how often it gets from them to the right answer.

mod config;
mod label;
mod file;

pub use config::StepLabelConfig;
pub use file::{StepLabelProgress, StepLabelReport, label_steps_into};
