//! What can go wrong with a reward that is not ours.

use std::time::Duration;

/// Why a process or a server gave no score. None of these says anything about the completion.
///
/// `reward` is the command as it would be typed, or the URL.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ExternalError {
    /// A setting is out of range.
    #[error("the setting `{field}` is {value}; expected {expected}")]
    Setting {
        /// The setting's name.
        field: &'static str,
        /// What it was set to.
        value: String,
        /// What it may be.
        expected: &'static str,
    },
    /// The program could not be started. Check its name, its folder and whether it may be executed.
    #[error(
        "`{reward}` could not be started: {reason}; check the program's name and that it can be executed"
    )]
    Start {
        /// The command.
        reward: String,
        /// What the system said.
        reason: String,
    },
    /// The process ended, or closed a pipe, before it answered, as often as it was asked. Run the command by hand and
    /// give it a request on its standard input.
    #[error("`{reward}` ended before it answered ({how}), {attempts} of {attempts} times{stderr}")]
    Died {
        /// The command.
        reward: String,
        /// How it ended.
        how: String,
        /// How often it was asked.
        attempts: u32,
        /// The end of its standard error, after a colon; empty when it wrote none.
        stderr: String,
    },
    /// No answer came in time. Answer faster, flush each answer and end it with a line feed, or raise
    /// `timeout_seconds`.
    #[error(
        "`{reward}` gave no answer in {seconds} s for {samples} sample(s){partial}; expected one JSON line, flushed, \
         for each request; raise `timeout_seconds` if it needs longer{stderr}"
    )]
    TimeLimit {
        /// The command or URL.
        reward: String,
        /// The limit in seconds.
        seconds: f64,
        /// How many samples the request had.
        samples: usize,
        /// What came without a line feed.
        partial: String,
        /// The end of its standard error, after a colon; empty when it wrote none.
        stderr: String,
    },
    /// The answer cannot be used. The reward has a bug.
    #[error("`{reward}` answered `{line}`: {problem}; expected {expected}{stderr}")]
    Answer {
        /// The command or URL.
        reward: String,
        /// How the answer begins.
        line: String,
        /// What is wrong with it.
        problem: String,
        /// What would be right.
        expected: String,
        /// The end of its standard error, after a colon; empty when it wrote none.
        stderr: String,
    },
    /// A step ends outside the completion. The reward has a bug.
    #[error(
        "`{reward}` scored steps that are not there: {problem}; `end` counts characters of the completion's text"
    )]
    Step {
        /// The command or URL.
        reward: String,
        /// What is wrong.
        problem: String,
    },
    /// The reward itself said `{"error": why}`.
    #[error("`{reward}` reported an error: {reason}")]
    Reported {
        /// The command or URL.
        reward: String,
        /// What it said.
        reason: String,
    },
    /// The server could not be reached as often as was tried.
    #[error(
        "`{reward}` could not be reached, {attempts} of {attempts} times: {reason}; check the URL and the server"
    )]
    Unreachable {
        /// The URL.
        reward: String,
        /// How often it was tried.
        attempts: u32,
        /// What the client said last.
        reason: String,
    },
    /// The server refused, or was in trouble as often as it was asked.
    #[error("`{reward}` answered with status {status} in {attempts} attempt(s): {message}")]
    Status {
        /// The URL.
        reward: String,
        /// The HTTP status.
        status: u16,
        /// How often it was asked.
        attempts: u32,
        /// How the body begins.
        message: String,
    },
}

impl ExternalError {
    /// A [`TimeLimit`](Self::TimeLimit) of a request.
    pub(super) fn time_limit(
        reward: &str,
        limit: Duration,
        samples: usize,
        partial: &str,
        stderr: String,
    ) -> Self {
        let partial = match partial {
            "" => String::new(),
            text => format!(", only `{text}` without a line feed"),
        };
        Self::TimeLimit { reward: reward.to_owned(), seconds: limit.as_secs_f64(), samples, partial, stderr }
    }
}
