//! Errors of scoring. A bad completion is not an error; it is a low score.

/// Errors of scoring a completion.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RewardError {
    /// The reference answer cannot be used, so no completion could be right. The completion is not
    /// at fault: the group is dropped and counted. Fix the problem or remove it from the data set.
    #[error(
        "problem `{problem}` cannot be graded: reference `{reference}` does not parse; fix or drop the problem"
    )]
    Ungradable {
        /// The problem's id.
        problem: String,
        /// The reference as the data set writes it.
        reference: String,
    },
    /// A sandbox, file or network failed, so nothing is known about the completion. Worth another try.
    #[error("reward `{reward}` could not reach what it needs")]
    World {
        /// The reward's name.
        reward: String,
        /// The failure.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A reward gave NaN or an infinity. The reward has a bug; trying again gives the same.
    #[error("reward `{reward}` gave {value}; a reward must be a finite number, so guard its divisions")]
    NotFinite {
        /// The reward's name.
        reward: String,
        /// The value it gave.
        value: f32,
    },
    /// A reward's own `score_group` or `score_batch` answered for another number of completions or
    /// groups than it was asked about. The reward has a bug.
    #[error("reward `{reward}` gave {got} results for {expected}; it must answer each once, in order")]
    Count {
        /// The reward's name.
        reward: String,
        /// Number of groups or completions it was asked about.
        expected: usize,
        /// Number of those it answered.
        got: usize,
    },
}

impl RewardError {
    /// A [`RewardError::World`] from any cause.
    pub fn world(reward: &str, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::World { reward: reward.to_owned(), source: source.into() }
    }
}
