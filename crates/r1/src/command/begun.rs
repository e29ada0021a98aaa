//! The files of a command that goes on where it stopped, and whether it may.

use std::{
    ffi::OsString,
    fs, io,
    path::{Path, PathBuf},
};

use r1_core::Problem;
use r1_run::{Begun, Digest, Fingerprint, RunError};

use crate::command::failure::Failure;

/// `OUT.SUFFIX`.
pub(crate) fn beside(out: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(out);
    name.push(".");
    name.push(suffix);
    name.into()
}

/// The digests of what is asked and of what counts as right, which are told apart because references get corrected.
pub(crate) fn with_problems(
    fingerprint: Fingerprint,
    data: &Path,
    problems: &[Problem],
) -> Result<Fingerprint, Failure> {
    let asked = problems.iter().map(|problem| (&problem.id, &problem.question, &problem.metadata));
    let golds = problems.iter().map(|problem| (&problem.id, &problem.reference));
    Ok(fingerprint
        .with_setting("problems", problems.len())
        .with_input("data", data, Digest::of_rows(asked)?)
        .with_input("golds", data, Digest::of_rows(golds)?))
}

/// Compares with the run that stands in the place of `out`, whose description is `OUT.run.json`, or begins a new one.
///
/// With `overwrite`, what r1 wrote there (`own`) is deleted first. Results without a description are somebody's.
pub(crate) fn begin(
    fingerprint: &Fingerprint,
    out: &Path,
    own: &[PathBuf],
    overwrite: bool,
) -> Result<Begun, Failure> {
    let run = beside(out, "run.json");
    let described = Fingerprint::read(&run)?.is_some();
    if !described && let Some(stray) = own.iter().find(|path| fs::metadata(path).is_ok_and(|it| it.len() > 0))
    {
        return Err(RunError::NotOurs { path: out.to_owned(), stray: stray.clone() }.into());
    }
    if described && overwrite {
        for path in own.iter().chain([&run]) {
            match fs::remove_file(path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                removed => removed.map_err(|source| RunError::Write { path: path.clone(), source })?,
            }
        }
    }
    let begun = fingerprint.begin(&run);
    Ok(begun.map_err(|error| match error {
        // The result is what people know by its name.
        RunError::OtherRun { difference, .. } => RunError::OtherRun { path: out.to_owned(), difference },
        error => error,
    })?)
}
