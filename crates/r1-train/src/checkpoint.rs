//! The state of a trainer on the disk.

use std::path::Path;

use r1_model::{CausalLm, ModelError};
use r1_run::{CheckpointNote, RunError, atomic, checkpoint::write_state};
use serde::{Deserialize, Serialize};

use crate::Learner;

/// What a checkpoint says beside the numbers of the model and of the optimizer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainerState<C, S> {
    /// Steps of the optimizer.
    pub optimizer_steps: u64,
    /// Where the source of problems or traces stood.
    pub source_position: u64,
    /// The settings of the trainer.
    pub config: C,
    /// Whatever else the trainer counts.
    pub trainer: S,
}

/// Writes a checkpoint: the learner, what `extra` writes into the folder, and the state.
///
/// The folder is written under another name, forced to the disk and renamed, so it is whole or not there.
///
/// # Errors
/// When a file cannot be written; what stood in `dir` before is then still there.
pub fn write_checkpoint<M, C, S, E>(
    dir: &Path,
    learner: &Learner<M>,
    note: CheckpointNote,
    state: &TrainerState<C, S>,
    extra: impl FnOnce(&Path) -> Result<(), E>,
) -> Result<(), E>
where
    M: CausalLm,
    C: Serialize,
    S: Serialize,
    E: From<ModelError> + From<RunError>,
{
    atomic::write_folder(dir, |dir| {
        learner.save::<E>(dir)?;
        extra(dir)?;
        Ok(write_state(dir, learner.updates(), note, state)?)
    })
}
