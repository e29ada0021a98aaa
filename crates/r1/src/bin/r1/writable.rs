//! Whether a file can be written at all.

use std::path::Path;

use crate::failure::Failure;

/// Finds out now, not after hours, that the report cannot be written.
pub(crate) fn check_out(out: &Path) -> Result<(), Failure> {
    let parent = out.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if !parent.is_dir() {
        let (out, parent) = (out.display(), parent.display());
        return Err(Failure::Job(format!(
            "cannot write `{out}`: the folder `{parent}` does not exist; make it first"
        )));
    }
    if out.is_dir() || out.file_name().is_none() {
        return Err(Failure::Job(format!("cannot write `{}`: it is a folder; give a file", out.display())));
    }
    Ok(())
}
