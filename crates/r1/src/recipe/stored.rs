//! The recipe in the folder of its run.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use r1_run::{RunError, atomic};

use super::{Recipe, RecipeError};

/// The file.
pub(super) const FILE: &str = "recipe.toml";

/// Its first line, by which it is known to be ours.
const MARK: &str = "# The recipe of this run, as r1 ran it.\n";

impl Recipe {
    /// The recipe that the run in this folder was made by, assignments and flags included.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn of_run(dir: impl AsRef<Path>) -> Result<Self, RecipeError> {
        let dir = dir.as_ref();
        let mut recipe = Self::read(dir.join(FILE), &[] as &[&str])?;
        dir.clone_into(&mut recipe.output.dir);
        Ok(recipe)
    }

    /// Writes the recipe into the folder of its run, with the folder that its paths are relative to. A file of somebody
    /// else is left alone.
    pub(super) fn store(&self) -> Result<(), RecipeError> {
        let path = self.output.dir.join(FILE);
        if path.exists() && !is_ours(&path) {
            eprintln!("`{}` was not written by r1 and stays; `r1 replay` will read it", path.display());
            return Ok(());
        }
        let here =
            env::current_dir().map_err(|source| RunError::Read { path: PathBuf::from("."), source })?;
        // TOML is Unicode; of a folder whose name is none, a replay will say that it is missing.
        let unicode = |path: &Path| PathBuf::from(path.to_string_lossy().into_owned());
        let mut stored = Self { base: unicode(&here.join(&self.base)), ..self.clone() };
        stored.output.dir = unicode(&self.output.dir);
        Ok(atomic::write_file(&path, format!("{MARK}{}", stored.to_toml()).as_bytes())?)
    }
}

/// Whether r1 wrote this recipe.
pub(super) fn is_ours(path: &Path) -> bool {
    fs::read(path).is_ok_and(|text| text.starts_with(MARK.as_bytes()))
}
