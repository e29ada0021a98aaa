//! Saving a trainer and going on from where it stood, to the last bit.

use std::path::Path;

use burn::tensor::Device;
use r1_core::Cursor;
use r1_data::dataset::RewardRow;
use r1_model::{CausalLm, LanguageModel, Transformer};
use r1_run::{Checkpoint, CheckpointNote, checkpoint::agreed};
use r1_train::{Learner, TrainerState, write_checkpoint};
use serde::{Deserialize, Serialize};

use crate::{RewardModel, RewardModelConfig, RewardModelError, RewardModelTrainer};

/// What is stored beside the learner.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct State {
    tokens: u64,
}

impl<M: CausalLm> RewardModelTrainer<M> {
    /// Saves everything that training depends on, and the place of `source`: a run that goes on from here ends with the
    /// same bits as one that was never interrupted.
    ///
    /// The folder is whole or not there. It holds the model in Hugging Face layout (`model/`, in f32), the optimizer's
    /// moments and `state.json`.
    ///
    /// # Errors
    /// When a file cannot be written; what stood in `dir` before is then still there.
    pub fn save(&self, dir: impl AsRef<Path>, source: &Cursor<RewardRow>) -> Result<(), RewardModelError> {
        self.save_with(dir, source, CheckpointNote::default())
    }

    /// As [`save`](Self::save), with what the caller wants to find in the checkpoint again.
    ///
    /// # Errors
    /// As [`save`](Self::save).
    pub fn save_with(
        &self,
        dir: impl AsRef<Path>,
        source: &Cursor<RewardRow>,
        note: CheckpointNote,
    ) -> Result<(), RewardModelError> {
        let state = TrainerState {
            optimizer_steps: self.learner.optimizer_steps(),
            source_position: source.position(),
            config: &self.config,
            trainer: State { tokens: self.tokens },
        };
        write_checkpoint(dir.as_ref(), &self.learner, note, &state, |_| Ok(()))
    }

    /// Goes on from a checkpoint with a model of one's own: `model` gives architecture and tokenizer, its weights become
    /// the checkpoint's. See [`load`](RewardModelTrainer::load).
    ///
    /// # Errors
    /// As [`load`](RewardModelTrainer::load).
    pub fn load_into(
        model: LanguageModel<RewardModel<M>>,
        dir: impl AsRef<Path>,
        config: Option<RewardModelConfig>,
        source: &mut Cursor<RewardRow>,
    ) -> Result<Self, RewardModelError> {
        Self::restore(model, &Checkpoint::open(dir)?, config, source)
    }

    /// The trainer of a checkpoint. The source is moved last, so that an error leaves it alone.
    fn restore(
        model: LanguageModel<RewardModel<M>>,
        checkpoint: &Checkpoint,
        config: Option<RewardModelConfig>,
        source: &mut Cursor<RewardRow>,
    ) -> Result<Self, RewardModelError> {
        let state: TrainerState<RewardModelConfig, State> = checkpoint.state()?;
        let config = agreed(state.config, config, &[])?;
        config.validate()?;
        let learner =
            Learner::resume::<RewardModelError>(model, checkpoint, config.optimizer, state.optimizer_steps)?;
        let trainer = Self { config, learner, tokens: state.trainer.tokens };
        source.go_to(state.source_position);
        Ok(trainer)
    }
}

impl RewardModelTrainer<Transformer> {
    /// Goes on from what [`save`](RewardModelTrainer::save) wrote: the next [`step`](RewardModelTrainer::step) is the one
    /// that would have come. `source` must be made as it was, and is moved to its place.
    ///
    /// `config` may be left out; if it is given, it must be the checkpoint's.
    ///
    /// # Errors
    /// [`RunError::NoCheckpoint`](r1_run::RunError::NoCheckpoint) and
    /// [`RunError::Checkpoint`](r1_run::RunError::Checkpoint) when there is none, or a file of it is missing, truncated
    /// or damaged; [`RunError::Setting`](r1_run::RunError::Setting) with the first setting that differs; errors of the
    /// model. Nothing has then happened to `source`.
    pub fn load(
        dir: impl AsRef<Path>,
        config: Option<RewardModelConfig>,
        device: &Device,
        source: &mut Cursor<RewardRow>,
    ) -> Result<Self, RewardModelError> {
        let checkpoint = Checkpoint::open(dir)?;
        let model = RewardModel::load(checkpoint.dir().join("model"), device)?;
        Self::restore(model, &checkpoint, config, source)
    }
}
