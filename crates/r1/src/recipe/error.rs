//! What can go wrong with a recipe.

use std::{io, path::PathBuf};

use r1_core::SourceError;
use r1_data::DataError;
use r1_distill::DistillError;
use r1_eval::EvalError;
use r1_grpo::GrpoError;
use r1_model::ModelError;
use r1_reward_model::RewardModelError;
use r1_run::RunError;

use crate::pipeline::PipelineError;

/// Why a recipe could not be read or run. What a run had saved is still there.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecipeError {
    /// The file could not be read.
    #[error("cannot read the recipe `{}`: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file is no TOML, or lacks a field, or has one that nobody knows.
    #[error("recipe `{}`: {reason}", path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// What is wrong, and where.
        reason: String,
    },
    /// A `--set` that cannot be meant.
    #[error("`{assignment}`: {reason}")]
    Assignment {
        /// As it was given.
        assignment: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A setting is unknown or out of range.
    #[error("[{table}]: {reason}")]
    Setting {
        /// The table of the recipe.
        table: &'static str,
        /// What is wrong, and what was expected.
        reason: String,
    },
    /// A reward is unknown or cannot be made.
    #[error("reward `{name}`: {reason}")]
    Reward {
        /// Its name.
        name: String,
        /// What is wrong, and what was expected.
        reason: String,
    },
    /// A stage of a pipeline cannot be meant.
    #[error("stage {name}: {reason}")]
    Stages {
        /// Its name, or its place in the list.
        name: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A stage of a pipeline could not be run; those before it are finished.
    #[error("stage {name}")]
    InStage {
        /// Its name.
        name: String,
        /// Why.
        source: Box<RecipeError>,
    },
    /// The folder of the run holds another run, or something that r1 did not write.
    #[error("{reason}")]
    Occupied {
        /// What stands there, and the way out.
        reason: String,
    },
    /// An update cannot be made again.
    #[error("{reason}")]
    Replay {
        /// Why, and what can be.
        reason: String,
    },
    /// A prompt does not fit the model.
    #[error("the prompt of problem `{problem}` cannot be used: {reason}")]
    Prompt {
        /// The problem's id.
        problem: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A trace cannot be learnt.
    #[error("{place}: {source}")]
    Trace {
        /// Its file and row.
        place: String,
        /// What is wrong with it.
        source: Box<DistillError>,
    },
    /// A stage failed or was interrupted.
    #[error(transparent)]
    Stage(#[from] PipelineError),
    /// Data could not be read.
    #[error(transparent)]
    Data(#[from] DataError),
    /// A source of problems has nothing to give.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// An evaluation failed.
    #[error(transparent)]
    Eval(#[from] EvalError),
    /// A model could not be read or written.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// Reinforcement learning failed.
    #[error(transparent)]
    Grpo(#[from] GrpoError),
    /// Fine-tuning failed.
    #[error(transparent)]
    Distill(#[from] DistillError),
    /// A reward model could not be trained.
    #[error(transparent)]
    RewardModel(#[from] RewardModelError),
    /// A file of the run could not be read or written.
    #[error(transparent)]
    Run(#[from] RunError),
}
