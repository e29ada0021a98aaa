//! A teacher's completions that are right and readable, as traces.

mod config;
mod file;
mod sample;

pub use config::RejectionConfig;
pub use file::{RejectionProgress, RejectionReport, rejection_sample_into};
pub use sample::rejection_sample;
pub(crate) use sample::{check_groups, check_ids, with_problem};
