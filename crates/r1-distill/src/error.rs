//! What can go wrong in this crate.

use r1_core::{GenerateError, SourceError};
use r1_model::ModelError;
use r1_rewards::RewardError;
use r1_run::RunError;

/// Why fine-tuning or rejection sampling could not start or go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DistillError {
    /// A setting is out of range. Change it; nothing has been done with it.
    #[error("setting `{setting}` is {value}; it must be {expected}")]
    Setting {
        /// Name of the field, as it is written in the configuration.
        setting: &'static str,
        /// The value that was refused.
        value: f64,
        /// The range of values that are accepted.
        expected: &'static str,
    },
    /// The prompt or the completion of a trace cannot be expressed in the student's tokens: its template raised an
    /// error, or its tokenizer failed.
    #[error("trace `{trace}` cannot be encoded")]
    Encode {
        /// The trace's id.
        trace: String,
        /// What the template or the tokenizer said.
        #[source]
        source: ModelError,
    },
    /// A trace without a token of prompt or of completion teaches nothing. Leave it out of the file.
    #[error("trace `{trace}` has no token of {what}; leave it out")]
    NothingToTrain {
        /// The trace's id.
        trace: String,
        /// Which part is empty.
        what: &'static str,
    },
    /// A trace is longer than the student can read. Leave it out, or allow more tokens; it is never cut, for a thought
    /// without its end teaches not to end.
    #[error(
        "trace `{trace}` has {tokens} tokens, more than the {limit} allowed; leave it out or raise `max_tokens`"
    )]
    TooLong {
        /// The trace's id.
        trace: String,
        /// Its length in tokens, prompt and end included.
        tokens: usize,
        /// The smaller of `max_tokens` and the model's context.
        limit: usize,
    },
    /// Nothing in the checkpoint says which token ends a turn, so the student would never learn to stop. Set
    /// `eos_token_id` in its generation_config.json.
    #[error(
        "the checkpoint names no token that ends a turn; set `eos_token_id` in its generation_config.json"
    )]
    NoEnd,
    /// There is no trace.
    #[error("there are no traces; check the file and the filters")]
    Empty,
    /// The loss or its gradient was NaN or infinite, and nothing was changed. Lower the learning rate, or look at the
    /// traces for what is special.
    #[error(
        "update {update}: the {what} is not finite, so nothing was changed; its traces are {}",
        listed(traces)
    )]
    NotFinite {
        /// The update that was not made, counted from 1.
        update: u64,
        /// What was not finite: the loss or the gradient.
        what: &'static str,
        /// The ids of its traces.
        traces: Vec<String>,
    },
    /// Two problems have the same id, by which a file of traces is resumed. Give each its own.
    #[error("two problems have the id `{id}`; give each its own")]
    DuplicateId {
        /// The id.
        id: String,
    },
    /// The teacher cannot be asked this problem. Shorten it, or leave it out.
    #[error("problem `{problem}` cannot be asked")]
    Prompt {
        /// The problem's id.
        problem: String,
        /// What the teacher said.
        #[source]
        source: GenerateError,
    },
    /// The teacher gave another number of completions than it was asked for. It has a bug.
    #[error("the teacher gave {got} {what} for {expected}; it must answer each once, in order")]
    Count {
        /// What was counted: groups or completions.
        what: &'static str,
        /// How many were asked for.
        expected: usize,
        /// How many came.
        got: usize,
    },
    /// A reward failed for another cause than a bad reference; what was sampled before is in the file, so the same call
    /// goes on.
    #[error("problem `{problem}` could not be scored")]
    Reward {
        /// The problem's id.
        problem: String,
        /// What the reward said.
        #[source]
        source: RewardError,
    },
    /// A checkpoint or a file of traces could not be read, does not go with the settings, or could not be written.
    #[error(transparent)]
    Run(#[from] RunError),
    /// The source of traces failed.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The teacher failed.
    #[error(transparent)]
    Generate(#[from] GenerateError),
    /// A model could not be read or written.
    #[error(transparent)]
    Model(#[from] ModelError),
}

/// The first ids of a list and how many more there are.
fn listed(ids: &[String]) -> String {
    let shown: Vec<String> = ids.iter().take(4).map(|id| format!("`{id}`")).collect();
    let more = ids.len().saturating_sub(shown.len());
    let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
    shown.join(", ") + &rest
}
