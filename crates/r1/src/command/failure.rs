//! How the command ends when it does not end well.

use std::{error::Error, io};

/// Why the command stops.
#[derive(Debug)]
pub(crate) enum Failure {
    /// It was called wrongly: exit status 2.
    Usage(String),
    /// The job failed, and this sentence says why: exit status 1.
    Job(String),
    /// Some input lines failed and were named on standard error already: exit status 1.
    Lines,
    /// The answer was given, and is no: exit status 1.
    Answered,
    /// A signal asked for the end, the work is saved, and a sentence said how to go on: this exit status.
    Interrupted(u8),
    /// Whoever read the results has closed its end, as `head` does. That is no failure.
    ReaderGone,
}

impl Failure {
    /// Standard output could not be written.
    pub(crate) fn output(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::ReaderGone,
            _ => Self::Job(format!("cannot write to standard output: {error}")),
        }
    }
}

impl<E: Error + 'static> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Job(sentence(&error))
    }
}

/// An error and its causes as one line; causes that the error already tells are not repeated.
pub(crate) fn sentence(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let reason = error.to_string();
        if !text.contains(&reason) {
            text += &format!(": {reason}");
        }
        cause = error.source();
    }
    one_line(&text)
}

/// The text with every stretch of white space as one blank.
pub(crate) fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
