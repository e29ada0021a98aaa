//! Places in files, for errors that name them.

use std::{
    io,
    path::{Path, PathBuf},
};

use crate::DataError;

/// The file that records come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) path: PathBuf,
    pub(crate) unit: Unit,
}

/// The word for a record's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    /// A line of text.
    Line,
    /// A row of Parquet, or an element of a JSON array.
    Row,
}

impl Unit {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Line => "line",
            Self::Row => "row",
        }
    }
}

impl Place {
    /// The error of a record.
    pub(crate) fn error(&self, row: usize, reason: String) -> DataError {
        let path = self.path.clone();
        match self.unit {
            Unit::Line => DataError::Line { path, line: row, reason },
            Unit::Row => DataError::Row { path, row, reason },
        }
    }

    /// The error of the file as a whole.
    pub(crate) fn whole(&self, reason: String) -> DataError {
        DataError::File { path: self.path.clone(), reason }
    }

    pub(crate) fn cannot_read(&self, source: io::Error) -> DataError {
        DataError::Read { path: self.path.clone(), source }
    }
}

/// The file's name without what stands behind its first dot, for ids of records that have none.
pub(super) fn stem(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.split('.').find(|part| !part.is_empty()).unwrap_or("row").to_owned()
}
