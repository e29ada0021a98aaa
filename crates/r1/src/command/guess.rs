//! Guessing the layout of a file of problems.

use std::path::Path;

use r1_data::dataset::Format;

use crate::command::failure::Failure;

/// The layout of a file by its first row; compressed files and Parquet are read as what they hold.
pub(crate) fn format(path: &Path) -> Result<Format, Failure> {
    if std::fs::metadata(path).is_ok_and(|about| !about.is_file() && !about.is_dir()) {
        // What is read from a pipe to guess by cannot be read again.
        let (shown, known) = (path.display(), Format::ALL.map(Format::name).join("|"));
        return Err(Failure::Job(format!("`{shown}` can be read only once; give --format {known}")));
    }
    Ok(Format::detect(path)?)
}
