//! What can go wrong in a stage.

use r1_core::SourceError;
use r1_data::DataError;
use r1_distill::DistillError;
use r1_eval::EvalError;
use r1_grpo::GrpoError;
use r1_model::ModelError;
use r1_reward_model::RewardModelError;
use r1_run::RunError;

/// Why a stage could not start or go on. What it had saved is still there.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PipelineError {
    /// No procedural task has this name.
    #[error("there is no task `{name}`; `r1_tasks::all` lists them")]
    UnknownTask {
        /// The name that was asked for.
        name: String,
    },
    /// The stage was asked to stop, by Ctrl-C or SIGTERM, and has saved.
    #[error("stopped after {what} {done}; the same command goes on from `{}`", dir.display())]
    Interrupted {
        /// What is counted: `update`, `problem` or `stage`.
        what: &'static str,
        /// How many of them are done.
        done: u64,
        /// The stage's folder.
        dir: std::path::PathBuf,
        /// The exit status that a shell expects: 130 or 143.
        status: u8,
    },
    /// A source of problems could not be made.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// A file of problems or traces could not be read.
    #[error(transparent)]
    Data(#[from] DataError),
    /// An evaluation failed.
    #[error(transparent)]
    Eval(#[from] EvalError),
    /// Fine-tuning or rejection sampling failed.
    #[error(transparent)]
    Distill(#[from] DistillError),
    /// Reinforcement learning failed.
    #[error(transparent)]
    Grpo(#[from] GrpoError),
    /// Training a reward model failed.
    #[error(transparent)]
    RewardModel(#[from] RewardModelError),
    /// A model could not be read or written.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// The stage's folder could not be read or written.
    #[error(transparent)]
    Run(#[from] RunError),
}
