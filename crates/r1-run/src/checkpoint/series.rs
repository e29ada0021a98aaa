//! The checkpoints of a run: the last few, and the best.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use super::Checkpoint;
use crate::{
    RunError, atomic,
    error::{reading, writing},
    manifest::{self, Owner},
};

/// The checkpoints of one run, in a folder of their own: `step-000100`, `step-000200` and so on.
///
/// # Examples
/// ```no_run
/// use r1_run::{Better, Checkpoints};
///
/// let checkpoints = Checkpoints::new("runs/zero/checkpoints").with_keep_last(3).with_keep_best(Better::Higher);
/// if let Some(dir) = checkpoints.latest()? {
///     println!("the run can go on from {}", dir.display());
/// }
/// # Ok::<(), r1_run::RunError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Checkpoints {
    dir: PathBuf,
    keep_last: usize,
    keep_best: Option<Better>,
}

/// Which metric is the better one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Better {
    /// The greater, as of rewards.
    Higher,
    /// The smaller, as of losses.
    Lower,
}

impl Checkpoints {
    /// The checkpoints in this folder, which need not exist. The last two are kept.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self { dir: dir.into(), keep_last: 2, keep_best: None }
    }

    /// The same, keeping another number of the newest; at least one.
    pub fn with_keep_last(self, keep_last: usize) -> Self {
        Self { keep_last: keep_last.max(1), ..self }
    }

    /// The same, keeping the checkpoint with the best [`metric`](super::CheckpointNote::metric), too.
    pub fn with_keep_best(self, better: Better) -> Self {
        Self { keep_best: Some(better), ..self }
    }

    /// Lets `save` write the folder of this many updates, then deletes what need not be kept.
    ///
    /// # Errors
    /// Whatever `save` returns, or [`RunError`] when an old checkpoint cannot be read or deleted; everything that was
    /// saved before is then still there.
    pub fn save<E: From<RunError>>(
        &self,
        updates: u64,
        save: impl FnOnce(&Path) -> Result<(), E>,
    ) -> Result<PathBuf, E> {
        let dir = self.dir.join(format!("step-{updates:06}"));
        save(&dir)?;
        self.prune()?;
        Ok(dir)
    }

    /// The newest checkpoint, if there is one.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn latest(&self) -> Result<Option<PathBuf>, RunError> {
        Ok(self.all()?.pop())
    }

    /// The checkpoint with the best metric, the newer of two equals, if any has one.
    ///
    /// # Errors
    /// When the folder or a checkpoint in it cannot be read.
    pub fn best(&self) -> Result<Option<PathBuf>, RunError> {
        let sign = if self.keep_best == Some(Better::Lower) { -1.0 } else { 1.0 };
        let mut best: Option<(f64, PathBuf)> = None;
        for dir in self.all()? {
            let Some(metric) = Checkpoint::open(&dir)?.metric() else { continue };
            if best.as_ref().is_none_or(|(than, _)| sign * metric >= *than) {
                best = Some((sign * metric, dir));
            }
        }
        Ok(best.map(|(_, dir)| dir))
    }

    /// Deletes every checkpoint, for a run that starts anew.
    ///
    /// # Errors
    /// [`RunError::NotOurs`] when one holds what r1 did not write, or when one cannot be deleted.
    pub fn clear(&self) -> Result<(), RunError> {
        let all = self.all()?;
        for dir in &all {
            if let Owner::Other(stray) = manifest::owner(dir)? {
                return Err(RunError::NotOurs { path: dir.clone(), stray });
            }
        }
        all.iter().try_for_each(|dir| delete(dir))
    }

    /// All checkpoints, the oldest first. What a killed process had begun is finished before, or cleared away.
    fn all(&self) -> Result<Vec<PathBuf>, RunError> {
        for hidden in self.names(|name| name.starts_with(".step-") && name.ends_with(".old"))? {
            let name = hidden.trim_start_matches('.').trim_end_matches(".old");
            atomic::recover_folder(&self.dir.join(name))?;
        }
        let left_over =
            |name: &str| name.starts_with(".step-") && (name.ends_with(".new") || name.ends_with(".deleted"));
        self.names(left_over)?.iter().try_for_each(|name| remove(&self.dir.join(name)))?;
        let steps =
            self.names(|name| name.strip_prefix("step-").is_some_and(|n| n.parse::<u64>().is_ok()))?;
        let mut steps: Vec<PathBuf> = steps.iter().map(|name| self.dir.join(name)).collect();
        steps.sort_by_key(|dir| (dir.as_os_str().len(), dir.clone()));
        Ok(steps)
    }

    fn prune(&self) -> Result<(), RunError> {
        let all = self.all()?;
        let best = if self.keep_best.is_some() { self.best()? } else { None };
        let old = &all[..all.len().saturating_sub(self.keep_last)];
        for dir in old.iter().filter(|dir| Some(*dir) != best.as_ref()) {
            // What somebody put into a checkpoint keeps it, and does not end the run.
            if manifest::owner(dir)? == Owner::Us {
                delete(dir)?;
            }
        }
        Ok(())
    }

    fn names(&self, keep: impl Fn(&str) -> bool) -> Result<Vec<String>, RunError> {
        let entries = match fs::read_dir(&self.dir) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(reading(&self.dir))?,
        };
        let mut names = Vec::new();
        for entry in entries {
            let name = entry.map_err(reading(&self.dir))?.file_name().to_string_lossy().into_owned();
            if keep(&name) {
                names.push(name);
            }
        }
        Ok(names)
    }
}

/// Takes a checkpoint's name away before its files, so that no half of it looks like one.
fn delete(dir: &Path) -> Result<(), RunError> {
    let name = dir.file_name().unwrap_or_default().to_string_lossy();
    let hidden = dir.with_file_name(format!(".{name}.deleted"));
    remove(&hidden)?;
    fs::rename(dir, &hidden).map_err(writing(dir))?;
    remove(&hidden)
}

fn remove(dir: &Path) -> Result<(), RunError> {
    match fs::remove_dir_all(dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed.map_err(writing(dir)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checkpoint::{CheckpointNote, write_state};

    fn save(checkpoints: &Checkpoints, updates: u64, metric: f64) {
        let note = CheckpointNote { metric: Some(metric), ..CheckpointNote::default() };
        let write =
            |dir: &Path| atomic::write_folder::<RunError>(dir, |dir| write_state(dir, updates, note, &()));
        checkpoints.save(updates, write).unwrap();
    }

    #[test]
    fn the_last_few_and_the_best_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        for (better, best) in [(Better::Higher, "step-000002"), (Better::Lower, "step-000001")] {
            let checkpoints = Checkpoints::new(folder.path()).with_keep_best(better);
            assert_eq!(checkpoints.latest().unwrap(), None);
            for (index, metric) in [0.1, 0.9, 0.3, 0.4, f64::NAN].into_iter().enumerate() {
                save(&checkpoints, index as u64 + 1, metric);
            }
            let mut names: Vec<_> =
                fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
            names.sort();
            assert_eq!(names, [best, "step-000004", "step-000005"]);
            assert_eq!(checkpoints.latest().unwrap().unwrap(), folder.path().join("step-000005"));
            assert_eq!(checkpoints.best().unwrap().unwrap(), folder.path().join(best));
            checkpoints.clear().unwrap();
        }
    }

    #[test]
    fn what_a_killed_process_left_is_no_checkpoint() {
        let folder = tempfile::tempdir().unwrap();
        let checkpoints = Checkpoints::new(folder.path());
        save(&checkpoints, 3, 0.0);
        for left in [".step-000004.new", ".step-000001.deleted", "step-final"] {
            fs::create_dir(folder.path().join(left)).unwrap();
        }
        assert_eq!(checkpoints.latest().unwrap().unwrap(), folder.path().join("step-000003"));
        assert!(!folder.path().join(".step-000004.new").exists());
        assert!(folder.path().join("step-final").exists());
    }
}
