//! The folder of a recipe's run.

use std::{fs, path::Path};

use r1_run::{Checkpoints, Run, RunError};

use super::{RecipeError, examination, periodic};

/// The file that says what a run was begun with.
pub(super) const DESCRIPTION: &str = "run.json";

/// The file that says what a finished run came to.
pub(super) const RESULT: &str = "result.json";

/// The traces that rejection sampling keeps.
pub(super) const TRACES: &str = "traces.jsonl";

/// What became of each problem that was asked for traces.
const JOURNAL: &str = "traces.jsonl.journal.jsonl";

/// Files and folders of a run beside the model's and the checkpoints, which know themselves who wrote them.
const OWN: [&str; 10] = [
    TRACES,
    JOURNAL,
    "metrics.jsonl",
    "timings.jsonl",
    "samples.jsonl",
    "summary.json",
    "report.html",
    RESULT,
    periodic::FILE,
    examination::FOLDER,
];

/// Refuses a folder that holds something of a run without a description: r1 cannot know whose it is.
pub(super) fn check(dir: &Path) -> Result<(), RecipeError> {
    let stray = OWN.into_iter().find(|name| dir.join(name).exists());
    match stray.filter(|_| !dir.join(DESCRIPTION).exists()) {
        None => Ok(()),
        Some(name) => {
            let dir = dir.display();
            let reason = format!(
                "`{dir}` holds `{name}`, and no run that was begun by a recipe; choose another folder"
            );
            Err(RecipeError::Occupied { reason })
        }
    }
}

/// Deletes what a run wrote into its folder, but for the model, whose folder the stage replaces.
pub(super) fn clear(dir: &Path) -> Result<(), RecipeError> {
    if !dir.join(DESCRIPTION).exists() {
        let reason = format!(
            "`{}` holds no run of r1, so nothing in it is overwritten; choose another folder",
            dir.display()
        );
        let mut names = fs::read_dir(dir).into_iter().flatten().flatten().map(|file| file.file_name());
        let is_occupied = names.any(|name| name != ".lock");
        return if is_occupied { Err(RecipeError::Occupied { reason }) } else { Ok(()) };
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
    let named = [DESCRIPTION, RESULT, periodic::FILE, TRACES, JOURNAL].map(|name| dir.join(name));
    for path in examined.chain(named).filter(|path| path.exists()) {
        fs::remove_file(&path).map_err(|source| RunError::Write { path, source })?;
    }
    Ok(())
}
