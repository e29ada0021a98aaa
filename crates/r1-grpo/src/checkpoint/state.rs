//! What a checkpoint says about itself.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use r1_run::{Positions, atomic};
use serde::{Deserialize, Serialize};

use crate::{GrpoConfig, GrpoError, entropy_state::EntropyState};

/// Version of the layout; others are refused.
const FORMAT: u32 = 1;
pub(crate) const STATE: &str = "state.json";

/// A checkpoint on the disk, checked for completeness.
///
/// It is a folder with the policy in Hugging Face layout (`policy/`, in f32), the optimizer's moments
/// (`optimizer.safetensors`), the reference's weights if there is one (`reference.safetensors`), the rollouts that wait
/// for their updates (`pending.json`, their numbers once more as bits in `pending.bits`), and `state.json`.
///
/// # Examples
/// ```no_run
/// use r1_grpo::Checkpoint;
///
/// let checkpoint = Checkpoint::open("runs/zero/checkpoints/step-000100")?;
/// println!("{} updates, pass@1 {:?}", checkpoint.updates(), checkpoint.metric());
/// # Ok::<(), r1_grpo::GrpoError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Checkpoint {
    dir: PathBuf,
    pub(crate) state: State,
}

/// What is stored beside the rollouts and the numbers of the model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct State {
    pub(crate) format: u32,
    pub(crate) updates: u64,
    pub(crate) rollouts: u64,
    pub(crate) tokens: u64,
    pub(crate) optimizer_steps: u64,
    pub(crate) source_position: u64,
    /// Updates when the policy became the reference, if there is one.
    pub(crate) reference_since: Option<u64>,
    pub(crate) entropy: EntropyState,
    pub(crate) note: CheckpointNote,
    pub(crate) config: GrpoConfig,
    /// Every other file and its length in bytes.
    pub(crate) files: BTreeMap<String, u64>,
}

/// What the caller wants a checkpoint to remember.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckpointNote {
    /// How far the files of the run had grown: [`Run::positions`](r1_run::Run::positions). Resuming cuts them back to
    /// it.
    pub positions: Option<Positions>,
    /// How good the policy is, by a measure of the caller's choice; the best checkpoint is kept by it.
    pub metric: Option<f64>,
}

impl Checkpoint {
    /// Reads what a checkpoint says about itself, and checks that every file is there in full length.
    ///
    /// If a process was killed while it replaced this folder, the replacement is finished first.
    ///
    /// # Errors
    /// [`GrpoError::NoCheckpoint`] when there is none, [`GrpoError::Checkpoint`] with the file that is missing,
    /// truncated or not what it should be.
    pub fn open(dir: impl AsRef<Path>) -> Result<Self, GrpoError> {
        let dir = dir.as_ref();
        atomic::recover_folder(dir)?;
        let path = dir.join(STATE);
        let text = match fs::read_to_string(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(GrpoError::NoCheckpoint { dir: dir.to_owned() });
            }
            text => text.map_err(|error| damaged(&path, error.to_string()))?,
        };
        let state: State = serde_json::from_str(&text)
            .map_err(|error| damaged(&path, format!("is not readable ({error})")))?;
        if state.format != FORMAT {
            return Err(damaged(&path, format!("has format {}; this build reads {FORMAT}", state.format)));
        }
        for (name, &bytes) in &state.files {
            let path = dir.join(name);
            match fs::metadata(&path) {
                Err(_) => return Err(damaged(&path, "is missing".into())),
                Ok(found) if found.len() != bytes => {
                    return Err(damaged(&path, format!("has {} bytes instead of {bytes}", found.len())));
                }
                Ok(_) => {}
            }
        }
        Ok(Self { dir: dir.to_owned(), state })
    }

    /// The folder.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// How many updates had been made.
    pub fn updates(&self) -> u64 {
        self.state.updates
    }

    /// The settings of the run.
    pub fn config(&self) -> &GrpoConfig {
        &self.state.config
    }

    /// How far the files of the run had grown, if that was given to [`save_with`](crate::GrpoTrainer::save_with).
    pub fn positions(&self) -> Option<Positions> {
        self.state.note.positions
    }

    /// How good the policy is, if that was given.
    pub fn metric(&self) -> Option<f64> {
        self.state.note.metric
    }

    /// The settings to go on with: the checkpoint's own, or `given` when they agree.
    pub(crate) fn agree(&self, given: Option<GrpoConfig>) -> Result<GrpoConfig, GrpoError> {
        let Some(given) = given else { return Ok(self.state.config.clone()) };
        let fields = |config: &GrpoConfig| serde_json::to_value(config).unwrap_or_default();
        let (then, now) = (fields(&self.state.config), fields(&given));
        for (field, value) in now.as_object().into_iter().flatten() {
            // Where a batch that went wrong is written has no effect on training.
            if field != "dump_dir" && then[field] != *value {
                let field = field.clone();
                return Err(GrpoError::CheckpointConfig {
                    given: value.to_string(),
                    checkpoint: then[&field].to_string(),
                    field,
                });
            }
        }
        Ok(given)
    }
}

impl State {
    /// Writes the state after everything else, with the lengths of all files that are there.
    pub(crate) fn write(mut self, dir: &Path) -> Result<(), GrpoError> {
        self.format = FORMAT;
        list_files(dir, "", &mut self.files)?;
        let text = serde_json::to_string_pretty(&self).expect("the state is finite numbers and texts");
        write(&dir.join(STATE), format!("{text}\n").as_bytes())
    }
}

fn list_files(dir: &Path, prefix: &str, files: &mut BTreeMap<String, u64>) -> Result<(), GrpoError> {
    let unreadable = |source| GrpoError::CheckpointRead { path: dir.to_owned(), source };
    for entry in fs::read_dir(dir).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        let about = entry.metadata().map_err(unreadable)?;
        if about.is_dir() {
            list_files(&entry.path(), &format!("{name}/"), files)?;
        } else {
            files.insert(name, about.len());
        }
    }
    Ok(())
}

pub(crate) fn damaged(path: &Path, reason: String) -> GrpoError {
    GrpoError::Checkpoint { path: path.to_owned(), reason }
}

pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<(), GrpoError> {
    fs::write(path, bytes).map_err(|source| GrpoError::CheckpointWrite { path: path.to_owned(), source })
}
