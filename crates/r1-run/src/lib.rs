//! A run's folder: what a training run writes while it works and after.
//!
//! [`Run`] appends metrics, timings and samples as JSON lines and can be cut back to a checkpoint;
//! [`atomic`] writes files and folders that are never half there, [`checkpoint`] keeps those a run goes on from;
//! [`Progress`] shows where the run stands; [`Report`] draws it as one self-contained page. This crate knows nothing of
//! models or rewards: it takes anything that serialises.
//!
//! So that nothing of a user's is lost, every command that writes does these in order, before it computes:
//!
//! 1. [`Output::open`] for a file, [`atomic::check_folder`] for a folder: can it be written, and is it ours?
//! 2. [`Lock::beside`] or [`Lock::inside`]: no second process writes there.
//! 3. [`Fingerprint::begin`]: what stands there is gone on with only when it was begun with the same model, data and
//!    settings; a finished run says so.
//! 4. [`Interrupt::on_signals`]: Ctrl-C and SIGTERM ask for a stop, and the work is saved.
//!
//! ```
//! use r1_run::Run;
//! use serde::Serialize;
//!
//! #[derive(Serialize)]
//! struct Step {
//!     step: u64,
//!     reward: f32,
//! }
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let dir = folder.path().join("zero");
//! let mut run = Run::create(&dir)?;
//! run.log(&Step { step: 1, reward: 0.25 })?;
//! let positions = run.positions()?;
//! run.log(&Step { step: 2, reward: 0.5 })?;
//!
//! // Killed here, the run goes on from its checkpoint: step 2 is cut away and written again.
//! let mut run = Run::resume(&dir, positions)?;
//! run.log(&Step { step: 2, reward: 0.5 })?;
//! assert_eq!(run.metrics()?.len(), 2);
//! # Ok(())
//! # }
//! ```
//!
//! # Invariants
//! - Every line is written with one call and ends in a line feed, so a killed run leaves at most one
//!   torn line, which resuming cuts away.
//! - A number that is not finite is refused with the name of its field; it never becomes `null`.
//! - Nothing is replaced or deleted but what r1 wrote; links, devices and pipes are followed.
//! - Wall-clock figures stand in `timings.jsonl` alone; two equal runs have equal metrics and samples.

mod output;
mod manifest;
pub mod atomic;
mod lock;
mod digest;
mod fingerprint;
mod interrupt;
mod finite;
mod lines;
mod run;
mod progress;
pub mod checkpoint;
pub mod report;
mod error;

pub use checkpoint::{Better, Checkpoint, CheckpointNote, Checkpoints};
pub use digest::Digest;
pub use error::RunError;
pub use fingerprint::{Begun, Fingerprint};
pub use interrupt::Interrupt;
pub use lines::{Lines, read_lines};
pub use lock::Lock;
pub use output::Output;
pub use progress::{Progress, Status};
pub use report::Report;
pub use run::{Positions, Run};
