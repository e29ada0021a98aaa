//! The folder of a recipe's run.

use std::{fs, path::Path};

use r1_run::{Checkpoints, Fingerprint, Run, RunError};
use serde::Deserialize;

use super::{Method, RecipeError, examination, periodic, stored};
use crate::pipeline::DIGESTS;

/// The file that says what a run was begun with.
pub(super) const DESCRIPTION: &str = "run.json";

/// The file that says what a finished run came to.
pub(super) const RESULT: &str = "result.json";

/// Files and folders of a run beside the model's and the checkpoints, which know themselves who wrote them.
const OWN: [&str; 9] = [
    "metrics.jsonl",
    "timings.jsonl",
    "samples.jsonl",
    "summary.json",
    "report.html",
    RESULT,
    periodic::FILE,
    examination::FOLDER,
    DIGESTS,
];

/// Refuses a folder that holds something of a run without a description: r1 cannot know whose it is. `more` are files of
/// the method's own.
pub(super) fn check(dir: &Path, more: &[&str]) -> Result<(), RecipeError> {
    if dir.join(DESCRIPTION).exists() {
        return Ok(());
    }
    match OWN.iter().chain(more).find(|name| dir.join(name).exists()) {
        None => Ok(()),
        Some(name) => Err(stray(dir, name)),
    }
}

fn stray(dir: &Path, name: &str) -> RecipeError {
    let dir = dir.display();
    let reason =
        format!("`{dir}` holds `{name}`, and no run that was begun by a recipe; choose another folder");
    RecipeError::Occupied { reason }
}

/// Deletes what a run wrote into its folder, but for the model, whose folder the stage replaces. Traces go
/// with the run that sampled them only: beside another run they are somebody's data. `more` as for [`check`].
pub(super) fn clear(dir: &Path, more: &[&str]) -> Result<(), RecipeError> {
    if !dir.join(DESCRIPTION).exists() {
        let reason = format!(
            "`{}` holds no run of r1, so nothing in it is overwritten; choose another folder",
            dir.display()
        );
        let mut names = fs::read_dir(dir).into_iter().flatten().flatten().map(|file| file.file_name());
        let is_occupied = names.any(|name| name != ".lock");
        return if is_occupied { Err(RecipeError::Occupied { reason }) } else { Ok(()) };
    }
    let run = Fingerprint::read(dir.join(DESCRIPTION)).ok().flatten();
    let method = run.as_ref().and_then(|run| Method::deserialize(run.setting("method")?).ok());
    let written = method.map_or(&[][..], Method::files);
    if let Some(name) = more.iter().find(|name| !written.contains(name) && dir.join(name).exists()) {
        return Err(stray(dir, name));
    }
    Checkpoints::new(dir.join("checkpoints")).clear()?;
    Run::replace(dir)?;
    let held_out = dir.join(examination::FOLDER);
    let examined = fs::read_dir(&held_out).into_iter().flatten().flatten().map(|file| file.path());
    let examined = examined.filter(|path| {
        let update =
            path.file_name().and_then(|name| name.to_str()?.strip_suffix(".jsonl")?.parse::<u64>().ok());
        update.is_some()
    });
    let named = [DESCRIPTION, RESULT, periodic::FILE, DIGESTS].into_iter();
    let named = named.chain(written.iter().copied()).map(|name| dir.join(name));
    let recipe = Some(dir.join(stored::FILE)).filter(|path| stored::is_ours(path));
    for path in examined.chain(named).chain(recipe).filter(|path| path.exists()) {
        fs::remove_file(&path).map_err(|source| RunError::Write { path, source })?;
    }
    Ok(())
}
