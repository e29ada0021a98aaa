//! The contract between a trainer and the loop.

use std::path::Path;

use r1_run::{CheckpointNote, Run, RunError, Status};
use serde::Serialize;

/// **A type that implements `Trainer` makes one optimizer update at a time and can be saved between them.** What it
/// draws from and scores with it holds itself.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a trainer",
    note = "implement `r1_train::Trainer`: updates, step and save"
)]
pub trait Trainer {
    /// What an update reports; equal runs have equal reports.
    type Report: Serialize;
    /// Why an update or a checkpoint failed.
    type Error: From<RunError>;

    /// How many updates were made.
    fn updates(&self) -> u64;

    /// Makes one update.
    ///
    /// # Errors
    /// When none was made; what was saved is still there.
    fn step(&mut self) -> Result<Self::Report, Self::Error>;

    /// Writes a checkpoint that training can go on from.
    ///
    /// # Errors
    /// When a file cannot be written.
    fn save(&self, dir: &Path, note: CheckpointNote) -> Result<(), Self::Error>;

    /// What the last update took, as a line of `timings.jsonl`.
    fn timings(&self) -> Option<serde_json::Value> {
        None
    }

    /// Writes what is worth keeping of the last update beside its report.
    ///
    /// # Errors
    /// When a file cannot be written.
    fn write_samples(&self, _report: &Self::Report, _run: &mut Run) -> Result<(), RunError> {
        Ok(())
    }

    /// What is worth seeing of an update at a glance.
    fn status(&self, _report: &Self::Report) -> Status {
        Status::default()
    }

    /// How good the model is, so that the best checkpoint can be kept.
    fn metric(&self, _report: &Self::Report) -> Option<f64> {
        None
    }

    /// What somebody should know about this update, in a sentence.
    fn warning(&self, _report: &Self::Report) -> Option<String> {
        None
    }
}
