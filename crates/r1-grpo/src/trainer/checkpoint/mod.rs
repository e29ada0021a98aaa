//! Saving a trainer and going on from where it stood, to the last bit.

mod state;
mod pending;

use std::path::Path;

use burn::tensor::Device;
use r1_core::ProblemSource;
use r1_model::{
    CausalLm, LanguageModel, Transformer,
    checkpoint::{collect_weights, filled, read_numbers, write_numbers},
};
use r1_run::{Checkpoint, CheckpointNote, checkpoint::agreed};
use r1_train::{Learner, TrainerState, write_checkpoint};

use super::{digests::Keeping, reference::Reference};
use crate::{GrpoConfig, GrpoError, GrpoTrainer, StepTimings};
use state::State;

const REFERENCE: &str = "reference.safetensors";

impl<M: CausalLm> GrpoTrainer<M> {
    /// Saves everything that training depends on, and the place of `source`: a run that goes on from here ends with the
    /// same bits as one that was never interrupted.
    ///
    /// The folder is written under another name, forced to the disk and renamed, so it is whole or not there. For the
    /// weights alone, in the layout of Hugging Face, see [`LanguageModel::save`].
    ///
    /// # Errors
    /// When a file cannot be written; what stood in `dir` before is then still there.
    pub fn save(
        &self,
        dir: impl AsRef<Path>,
        source: &(impl ProblemSource + ?Sized),
    ) -> Result<(), GrpoError> {
        self.save_with(dir, source, CheckpointNote::default())
    }

    /// As [`save`](Self::save), with what the caller wants to find in the checkpoint again.
    ///
    /// # Errors
    /// As [`save`](Self::save).
    pub fn save_with(
        &self,
        dir: impl AsRef<Path>,
        source: &(impl ProblemSource + ?Sized),
        note: CheckpointNote,
    ) -> Result<(), GrpoError> {
        let state = TrainerState {
            optimizer_steps: self.learner.optimizer_steps(),
            source_position: source.position(),
            config: &self.config,
            trainer: State {
                rollouts: self.rollouts,
                tokens: self.tokens,
                reference_since: self.reference.as_ref().map(|reference| reference.since),
                entropy: self.entropy,
            },
        };
        write_checkpoint(dir.as_ref(), &self.learner, note, &state, |dir| {
            if let Some(reference) = &self.reference {
                let weights = collect_weights(&reference.model, self.learner.model().trained_slots());
                write_numbers(&dir.join(REFERENCE), &weights)?;
            }
            Ok(pending::write_pending(dir, &self.pending)?)
        })
    }

    /// Goes on from a checkpoint with a model of one's own: `policy` gives architecture and tokenizer, its weights
    /// become the checkpoint's. See [`load`](GrpoTrainer::load).
    ///
    /// # Errors
    /// As [`load`](GrpoTrainer::load).
    pub fn load_into(
        policy: LanguageModel<M>,
        dir: impl AsRef<Path>,
        config: Option<GrpoConfig>,
        source: &mut (impl ProblemSource + ?Sized),
    ) -> Result<Self, GrpoError> {
        Self::restore(policy, &Checkpoint::open(dir)?, config, source)
    }

    /// The trainer of a checkpoint. The source is moved last, so that an error leaves it alone.
    fn restore(
        policy: LanguageModel<M>,
        checkpoint: &Checkpoint,
        config: Option<GrpoConfig>,
        source: &mut (impl ProblemSource + ?Sized),
    ) -> Result<Self, GrpoError> {
        let (dir, state) = (checkpoint.dir(), checkpoint.state::<TrainerState<GrpoConfig, State>>()?);
        // Where a batch that went wrong is written has no effect on training.
        let config = agreed(state.config, config, &["dump_dir"])?;
        config.validate()?;
        let State { rollouts, tokens, reference_since, entropy } = state.trainer;
        let learner =
            Learner::resume::<GrpoError>(policy, checkpoint, config.optimizer, state.optimizer_steps)?;
        let reference = match reference_since {
            Some(since) => {
                let path = dir.join(REFERENCE);
                let model = filled(learner.model().model.valid(), read_numbers(&path)?, &path)?;
                Some(Reference { model, since })
            }
            None => None,
        };
        let trainer = Self {
            learner,
            reference,
            pending: pending::read_pending(dir)?,
            rollouts,
            tokens,
            entropy,
            timings: StepTimings::default(),
            digests: Keeping::default(),
            config,
        };
        source.seek(state.source_position)?;
        Ok(trainer)
    }
}

impl GrpoTrainer<Transformer> {
    /// Goes on from what [`save`](GrpoTrainer::save) wrote: the next [`step`](GrpoTrainer::step) is the one that would
    /// have come. `source` must be made as it was, and is moved to its place.
    ///
    /// `config` may be left out; if it is given, it must be the checkpoint's.
    ///
    /// # Errors
    /// [`RunError::NoCheckpoint`](r1_run::RunError::NoCheckpoint) and
    /// [`RunError::Checkpoint`](r1_run::RunError::Checkpoint) when there is none, or a file of it is missing, truncated
    /// or damaged; [`RunError::Setting`](r1_run::RunError::Setting) with the first setting that differs; errors of the
    /// model and of the source. Nothing has then happened to `source`.
    ///
    /// # Examples
    /// ```no_run
    /// # use r1_core::{Cursor, Problem};
    /// use r1_grpo::GrpoTrainer;
    ///
    /// # let problems: Vec<Problem> = Vec::new();
    /// let mut source = Cursor::new(problems, 0)?;
    /// let trainer = GrpoTrainer::load("runs/zero/checkpoint", None, &r1_model::device()?, &mut source)?;
    /// println!("{} updates were made", trainer.updates());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn load(
        dir: impl AsRef<Path>,
        config: Option<GrpoConfig>,
        device: &Device,
        source: &mut (impl ProblemSource + ?Sized),
    ) -> Result<Self, GrpoError> {
        let checkpoint = Checkpoint::open(dir)?;
        let policy = Learner::saved_model(&checkpoint, device)?;
        Self::restore(policy, &checkpoint, config, source)
    }
}
