//! A stage's folder.

use std::path::{Path, PathBuf};

use r1_run::{Checkpoint, Checkpoints, Run, RunError};

/// The folder of one stage: see [`pipeline`](super).
///
/// # Examples
/// ```no_run
/// use r1::{data::dataset::traces, distill::SftConfig};
/// use r1::model::LanguageModel;
/// use r1::pipeline::Stage;
///
/// let traces = traces::load("traces.jsonl")?;
/// let config = SftConfig::r1(traces.len() as u64);
/// let base = LanguageModel::load("checkpoints/base", &r1::model::device()?)?;
/// let tuned = Stage::new("runs/cold_start").fine_tune(config, base, traces, &[], 0)?;
/// println!("{:.3}", tuned.loss);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Stage {
    pub(super) dir: PathBuf,
    pub(super) save_every: u64,
}

/// What a folder holds of an earlier call.
pub(super) struct Found {
    pub(super) checkpoints: Checkpoints,
    /// The newest checkpoint, and the files of the run cut back to it.
    pub(super) latest: Option<PathBuf>,
    pub(super) run: Run,
}

impl Stage {
    /// The stage in this folder, which need not exist. A checkpoint is written every 50 updates and at the end.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self { dir: dir.into(), save_every: 50 }
    }

    /// The same with another number of updates between two checkpoints; 0 saves at the end only.
    pub fn with_save_every(self, save_every: u64) -> Self {
        Self { save_every, ..self }
    }

    /// The folder.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    pub(super) fn find(&self) -> Result<Found, RunError> {
        let checkpoints = Checkpoints::new(self.dir.join("checkpoints"));
        let latest = checkpoints.latest()?;
        let run = match &latest {
            Some(dir) => Run::resume(&self.dir, Checkpoint::open(dir)?.positions().unwrap_or_default())?,
            None => Run::replace(&self.dir)?,
        };
        Ok(Found { checkpoints, latest, run })
    }

    pub(super) fn saves_at(&self, update: u64, last: u64) -> bool {
        update == last || self.save_every > 0 && update.is_multiple_of(self.save_every)
    }
}
