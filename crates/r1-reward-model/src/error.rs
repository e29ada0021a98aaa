//! What can go wrong in this crate.

use r1_model::ModelError;
use r1_run::RunError;

/// Why a reward model could not be trained or judge.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RewardModelError {
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
    /// A prompt or a response cannot be expressed in the model's tokens: its template raised an error, or its tokenizer
    /// failed.
    #[error("row `{row}` cannot be encoded")]
    Encode {
        /// The row's id.
        row: String,
        /// What the template or the tokenizer said.
        #[source]
        source: Box<ModelError>,
    },
    /// A prompt has no token. Leave the row out.
    #[error("row `{row}` has no token of prompt; leave it out")]
    NoPrompt {
        /// The row's id.
        row: String,
    },
    /// Nothing of a response is judged: it has thoughts that never end, or nothing behind them.
    #[error(
        "row `{row}` has a response without anything to judge; leave it out, or judge whole responses (`scope = \"response\"`)"
    )]
    NothingToJudge {
        /// The row's id.
        row: String,
    },
    /// Margins are to count, and a pair has none.
    #[error(
        "row `{row}` has no margin, and `row_margins` asks for one; add the column `margin`, or switch it off"
    )]
    NoMargin {
        /// The row's id.
        row: String,
    },
    /// A row is longer than the model can read. Leave it out, or allow more tokens.
    #[error(
        "row `{row}` has {tokens} tokens, more than the {limit} allowed; leave it out or raise `max_tokens`"
    )]
    TooLong {
        /// The row's id.
        row: String,
        /// Tokens of its prompt and its longest response.
        tokens: usize,
        /// The smaller of `max_tokens` and the model's context.
        limit: usize,
    },
    /// There is no row.
    #[error("there are no rows; check the file and the filters")]
    Empty,
    /// The loss or its gradient was NaN or infinite, and nothing was changed. Lower the learning rate, or look at the
    /// rows for what is special.
    #[error(
        "update {update}: the {what} is not finite, so nothing was changed; its rows are {}",
        listed(rows)
    )]
    NotFinite {
        /// The update that was not made, counted from 1.
        update: u64,
        /// What was not finite: the loss or the gradient.
        what: &'static str,
        /// The ids of its rows.
        rows: Vec<String>,
    },
    /// A checkpoint could not be read, does not go with the settings, or could not be written.
    #[error(transparent)]
    Run(#[from] RunError),
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
