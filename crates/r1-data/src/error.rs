//! Errors of data.

use std::{io, path::PathBuf};

use crate::{
    dataset::{Format, TraceFormat},
    nearest::or_nearest,
};

/// Errors of reading problems, traces, templates and tokenizers.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DataError {
    /// A data set without problems. Check the file and any filter.
    #[error("the data set is empty; check the file and the filters")]
    Empty,
    /// A file could not be read. Check the path and the permissions.
    #[error("cannot read `{}`: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// A file could not be written. Check the folder, the permissions and the space left.
    #[error("cannot write `{}`: {source}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// A line of a JSON-lines file does not hold what it should.
    #[error("`{}` line {line}: {reason}", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
        /// The fault, and what was expected.
        reason: String,
    },
    /// A row of a Parquet file, or an element of a JSON array, does not hold what it should.
    #[error("`{}` row {row}: {reason}", path.display())]
    Row {
        /// The file.
        path: PathBuf,
        /// The row, counted from 1.
        row: usize,
        /// The fault, and what was expected.
        reason: String,
    },
    /// A file cannot be read at all: it is damaged, of a kind that is not read, a named pipe or a device.
    #[error("`{}` {reason}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The fault, and the way out.
        reason: String,
    },
    /// A file of the Hugging Face Hub is not there.
    #[error("`{address}`: {reason}")]
    Hub {
        /// The file, as it was asked for.
        address: String,
        /// The reason, and the way to get it.
        reason: String,
    },
    /// A data format that nobody knows. Choose one of those the message lists.
    #[error("`{name}` is no format of problems{}", or_nearest(name, &Format::ALL.map(Format::name)))]
    UnknownFormat {
        /// The name that was asked for.
        name: String,
    },
    /// A format of traces that nobody knows. Choose one of those the message lists.
    #[error("`{name}` is no format of traces{}", or_nearest(name, &TraceFormat::ALL.map(TraceFormat::name)))]
    UnknownTraceFormat {
        /// The name that was asked for.
        name: String,
    },
    /// A setting has a value that cannot be meant. Choose another.
    #[error("the setting `{name}` {reason}")]
    Setting {
        /// The setting.
        name: &'static str,
        /// The fault of its value, and what was expected.
        reason: String,
    },
    /// A source of a recipe cannot be read, or its settings do not fit together.
    #[error("source {number} ({name}): {error}")]
    Source {
        /// The source's place in the recipe, from 1.
        number: usize,
        /// Its task and level, or its file.
        name: String,
        /// The fault.
        error: Box<DataError>,
    },
    /// A tokenizer file is not one, or lacks what is needed.
    #[error("tokenizer `{}`: {reason}", path.display())]
    Tokenizer {
        /// The file.
        path: PathBuf,
        /// The fault.
        reason: String,
    },
    /// A trace cannot be used.
    #[error("trace {trace}: {reason}")]
    Trace {
        /// Its id, and the file and row that it came from where they are known.
        trace: String,
        /// The fault.
        reason: String,
    },
    /// A chat template does not compile, or raised an error.
    #[error("chat template: {reason}")]
    Template {
        /// The error of the template engine.
        reason: String,
    },
}

impl From<DataError> for r1_core::SourceError {
    fn from(error: DataError) -> Self {
        match error {
            DataError::Empty => Self::Empty,
            DataError::Setting { name, reason } => Self::Setting { name, reason },
            error => Self::Failed { source: Box::new(error) },
        }
    }
}
