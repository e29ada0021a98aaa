//! The files and checkpoints of a run.

use std::path::{Path, PathBuf};

use r1_run::{Better, Checkpoint, Checkpoints, Progress, Run, RunError};

use super::{Control, Hook, Trainer, Update};

/// Writes what every update reports, shows progress on standard error, and saves checkpoints.
///
/// In the folder are `metrics.jsonl`, `timings.jsonl`, `samples.jsonl` and `checkpoints/`. It must be the last hook, so
/// that a loop that another one stops is saved.
#[derive(Debug)]
pub struct Recorder {
    run: Run,
    checkpoints: Checkpoints,
    latest: Option<PathBuf>,
    save_every: u64,
    progress: Option<Progress>,
}

impl Recorder {
    /// The recorder of a folder. The files are cut back to the newest checkpoint; without one, the run starts anew.
    /// A checkpoint is written every `save_every` updates, with 0 never, and when the loop ends.
    ///
    /// # Errors
    /// When a file of the folder cannot be read or written, or a checkpoint is damaged.
    pub fn open(dir: impl AsRef<Path>, save_every: u64) -> Result<Self, RunError> {
        let dir = dir.as_ref();
        let checkpoints = Checkpoints::new(dir.join("checkpoints")).with_keep_best(Better::Higher);
        let latest = checkpoints.latest()?;
        let run = match &latest {
            Some(checkpoint) => {
                Run::resume(dir, Checkpoint::open(checkpoint)?.positions().unwrap_or_default())?
            }
            None => Run::replace(dir)?,
        };
        Ok(Self { run, checkpoints, latest, save_every, progress: None })
    }

    /// As [`open`](Self::open), after the checkpoints of an earlier run were deleted.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn anew(dir: impl AsRef<Path>, save_every: u64) -> Result<Self, RunError> {
        Checkpoints::new(dir.as_ref().join("checkpoints")).clear()?;
        Self::open(dir, save_every)
    }

    /// The same, keeping the checkpoint whose metric is best in this sense.
    pub fn with_keep_best(mut self, better: Better) -> Self {
        self.checkpoints = self.checkpoints.with_keep_best(better);
        self
    }

    /// The newest checkpoint that was found.
    pub fn latest(&self) -> Option<&Path> {
        self.latest.as_deref()
    }

    /// The folder's files.
    pub fn run(&mut self) -> &mut Run {
        &mut self.run
    }

    fn saves_at(&self, step: u64, total: u64, stopping: bool) -> bool {
        stopping || step == total || self.save_every > 0 && step.is_multiple_of(self.save_every)
    }
}

impl<T: Trainer> Hook<T> for &mut Recorder {
    fn after_update(&mut self, trainer: &mut T, update: &Update<'_, T::Report>) -> Result<Control, T::Error> {
        let Update { step, total, stopping, report } = *update;
        self.run.log(report)?;
        if let Some(warning) = trainer.warning(report) {
            eprintln!("{warning}");
        }
        if let Some(timings) = trainer.timings() {
            self.run.time(&serde_json::json!({"step": step, "timings": timings}))?;
        }
        trainer.write_samples(report, &mut self.run)?;
        let progress = self.progress.get_or_insert_with(|| Progress::new(total).starting_at(step - 1));
        progress.update(step, &trainer.status(report));
        if stopping || step == total {
            self.progress.take().into_iter().for_each(Progress::finish);
        }
        if self.saves_at(step, total, stopping) {
            let note = r1_run::CheckpointNote {
                positions: Some(self.run.positions()?),
                metric: trainer.metric(report),
            };
            self.checkpoints.save(step, |dir| trainer.save(dir, note))?;
        }
        Ok(Control::Continue)
    }
}
