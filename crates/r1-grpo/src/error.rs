//! What can go wrong in this crate.

use std::{io, path::PathBuf};

use r1_core::{GenerateError, SourceError};
use r1_model::ModelError;
use r1_rewards::RewardError;

/// Why training with GRPO could not start or go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GrpoError {
    /// A setting lies outside the range in which its equation makes sense.
    /// Change the setting; nothing has been trained with it.
    #[error("setting `{setting}` is {value}; it must be {expected}")]
    Setting {
        /// Name of the field, as it is written in the configuration.
        setting: &'static str,
        /// The value that was refused.
        value: f32,
        /// The range of values that are accepted.
        expected: &'static str,
    },

    /// The rollouts would be sampled from a part of the distribution only, while the loss is about the whole of it.
    /// Sample from all tokens; the temperature is free.
    #[error(
        "`sampling.{setting}` is {value}; training needs samples of the whole distribution, so leave out top_k, \
         top_p and min_p"
    )]
    TruncatedSampling {
        /// The field of `sampling` that cuts tokens off.
        setting: &'static str,
        /// Its value.
        value: f32,
    },

    /// A problem's prompt is empty, too long for the model's context, or cannot be encoded. Shorten it, or leave it
    /// out of the data set.
    #[error("problem `{problem}` cannot be asked")]
    Prompt {
        /// The problem's id.
        problem: String,
        /// What the policy said.
        #[source]
        source: GenerateError,
    },

    /// An update on given groups was asked for while mini-batches of an earlier draw wait. Call `step` until they are
    /// used up.
    #[error("mini-batches of an earlier draw wait for their updates; make them with `step` first")]
    Pending,

    /// A source of rollouts gave what cannot be trained on.
    #[error("the rollouts of problem `{problem}` cannot be used: it {reason}")]
    Rollouts {
        /// The problem's id.
        problem: String,
        /// What is wrong with them.
        reason: String,
    },

    /// All groups were written by weights that are too old. Write them anew, allow more updates between
    /// (`max_staleness`), or correct for it (`stale`).
    #[error(
        "all {groups} groups were written by weights that are {updates} or more updates old; write them anew, or set \
         `max_staleness` or `stale` otherwise"
    )]
    Stale {
        /// How many groups there were.
        groups: usize,
        /// The age of the youngest.
        updates: u64,
    },

    /// A reward failed for another cause than a bad reference; a failing sandbox, file or network was tried three
    /// times. The problems of this rollout were given back to the source, so `step` can be called again.
    #[error("problem `{problem}` could not be scored")]
    Reward {
        /// The problem's id.
        problem: String,
        /// What the reward said.
        #[source]
        source: RewardError,
    },

    /// Several rollouts in a row had no problem that could be graded. Check the references of the data set and
    /// that the reward is for this kind of task.
    #[error(
        "none of the last {problems} problems could be graded, the last was `{last}`; check their references"
    )]
    NothingGraded {
        /// How many problems were drawn.
        problems: usize,
        /// The id of the last of them.
        last: String,
    },

    /// The loss or its gradient was NaN or infinite. Nothing was changed by this step; the batch was written to
    /// `dump`. Lower the learning rate, or look in the batch for what is special.
    #[error(
        "update {update}: the {what} is not finite, so nothing was changed; the batch is in `{}`",
        dump.display()
    )]
    NotFinite {
        /// The update that was not made, counted from 1.
        update: u64,
        /// What was not finite: the loss or the gradient.
        what: &'static str,
        /// The file with the batch.
        dump: PathBuf,
    },

    /// As [`NotFinite`](Self::NotFinite), but the batch could not be written.
    #[error(
        "update {update}: the {what} is not finite, so nothing was changed; the batch could not be written to `{}`",
        dump.display()
    )]
    NotFiniteUnwritten {
        /// The update that was not made, counted from 1.
        update: u64,
        /// What was not finite: the loss or the gradient.
        what: &'static str,
        /// The file that could not be written.
        dump: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },

    /// Something that a loop calls between updates failed.
    #[error(transparent)]
    Hook {
        /// What it said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },

    /// A checkpoint could not be read, does not go with the settings, or could not be written.
    #[error(transparent)]
    Run(#[from] r1_run::RunError),

    /// The source of problems failed.
    #[error(transparent)]
    Source(#[from] SourceError),

    /// A setting of `sampling` is out of range, or the policy could not write completions.
    #[error(transparent)]
    Generate(#[from] GenerateError),

    /// A prompt could not be encoded.
    #[error(transparent)]
    Model(#[from] ModelError),
}
