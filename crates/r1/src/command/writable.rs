//! Whether a file can be written at all.

use std::path::Path;

use r1_run::Output;

use crate::command::failure::Failure;

/// Finds out now, not after hours, that a file cannot be written.
pub(crate) fn check_out(out: &Path) -> Result<(), Failure> {
    Ok(Output::open(out).map(drop)?)
}
