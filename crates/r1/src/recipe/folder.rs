//! The folder of a recipe's run.

use std::{fs, path::Path};

use r1_run::{Checkpoints, Run, RunError};

use super::{RecipeError, examination, periodic};

/// The file that says what a run was begun with.
pub(super) const DESCRIPTION: &str = "run.json";

/// The file that says what a finished run came to.
pub(super) const RESULT: &str = "result.json";

/// Refuses a folder that holds a run without a description.
pub(super) fn check(dir: &Path) -> Result<(), RecipeError> {
    if dir.join(DESCRIPTION).exists() || !dir.join("metrics.jsonl").exists() {
        return Ok(());
    }
    let reason = format!(
        "`{}` holds a run that was begun otherwise; choose another folder, or --overwrite it",
        dir.display()
    );
    Err(RecipeError::Occupied { reason })
}

/// Deletes what a run wrote into its folder.
pub(super) fn clear(dir: &Path, model: &str) -> Result<(), RecipeError> {
    let names = || fs::read_dir(dir).into_iter().flatten().flatten().map(|file| file.file_name());
    if !dir.join(DESCRIPTION).exists() {
        let reason = format!(
            "`{}` holds no run of r1, so nothing in it is overwritten; choose another folder",
            dir.display()
        );
        let is_occupied = names().any(|name| name != ".lock");
        return if is_occupied { Err(RecipeError::Occupied { reason }) } else { Ok(()) };
    }
    Checkpoints::new(dir.join("checkpoints")).clear()?;
    Run::replace(dir)?;
    let examined = names().filter_map(|name| name.into_string().ok()).filter(|name| {
        let update = name.strip_prefix(examination::FILE).and_then(|name| name.strip_suffix(".jsonl"));
        update.is_some_and(|update| update.parse::<u64>().is_ok())
    });
    let named = [DESCRIPTION, RESULT, periodic::FILE].map(str::to_owned);
    for path in examined.chain(named).map(|name| dir.join(name)).filter(|path| path.exists()) {
        fs::remove_file(&path).map_err(|source| RunError::Write { path, source })?;
    }
    // The model's folder is replaced by the stage, if r1 wrote it.
    r1_run::atomic::check_folder(&dir.join(model), true)?;
    Ok(())
}
