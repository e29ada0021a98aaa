//! Saving a trainer and going on from where it stood, to the last bit.

mod state;
mod pending;

use std::path::Path;

use burn::tensor::Device;
use r1_core::ProblemSource;
use r1_model::{
    AdamW, CausalLm, LanguageModel, Transformer,
    checkpoint::{WeightType, collect_weights, filled, read_numbers, read_weights, write_numbers},
};
use r1_run::{
    Checkpoint, CheckpointNote, atomic,
    checkpoint::{agreed, write_state},
};

use crate::{GrpoConfig, GrpoError, GrpoTrainer, StepTimings, reference::Reference};
use state::State;

const POLICY: &str = "policy";
const OPTIMIZER: &str = "optimizer.safetensors";
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
        atomic::write_folder(dir.as_ref(), |dir| {
            self.policy().save(dir.join(POLICY), WeightType::F32)?;
            self.optimizer.save(&dir.join(OPTIMIZER))?;
            if let Some(reference) = &self.reference {
                let weights = collect_weights(&reference.model).into_iter().collect();
                write_numbers(&dir.join(REFERENCE), &weights)?;
            }
            pending::write_pending(dir, &self.pending)?;
            let state = State {
                rollouts: self.rollouts,
                tokens: self.tokens,
                optimizer_steps: self.optimizer.steps(),
                source_position: source.position(),
                reference_since: self.reference.as_ref().map(|reference| reference.since),
                entropy: self.entropy,
                config: self.config.clone(),
            };
            Ok(write_state(dir, self.updates, note, &state)?)
        })
    }

    /// Goes on from a checkpoint with a model of one's own: `policy` gives architecture and tokenizer, its weights
    /// become the checkpoint's. See [`load`](GrpoTrainer::load).
    ///
    /// # Errors
    /// As [`load`](GrpoTrainer::load).
    pub fn load_into(
        mut policy: LanguageModel<M>,
        dir: impl AsRef<Path>,
        config: Option<GrpoConfig>,
        source: &mut (impl ProblemSource + ?Sized),
    ) -> Result<Self, GrpoError> {
        let checkpoint = Checkpoint::open(dir)?;
        let folder = checkpoint.dir().join(POLICY);
        let weights = read_weights(&folder, policy.slots(), policy.config.tied)?;
        policy.model = filled(policy.model, weights, &folder)?;
        Self::restore(policy, &checkpoint, config, source)
    }

    /// Everything but the weights of the policy. The source is moved last, so that an error leaves it alone.
    fn restore(
        policy: LanguageModel<M>,
        checkpoint: &Checkpoint,
        config: Option<GrpoConfig>,
        source: &mut (impl ProblemSource + ?Sized),
    ) -> Result<Self, GrpoError> {
        let (dir, state) = (checkpoint.dir(), checkpoint.state::<State>()?);
        // Where a batch that went wrong is written has no effect on training.
        let config = agreed(state.config, config, &["dump_dir"])?;
        config.validate()?;
        let (slots, steps) = (policy.slots(), state.optimizer_steps);
        let path = dir.join(OPTIMIZER);
        let mut trainer = Self {
            optimizer: AdamW::load(&path, config.optimizer, steps, slots, &policy.device)?,
            reference: None,
            pending: pending::read_pending(dir)?,
            updates: checkpoint.updates(),
            rollouts: state.rollouts,
            tokens: state.tokens,
            entropy: state.entropy,
            timings: StepTimings::default(),
            policy: Some(policy),
            config,
        };
        if let Some(since) = state.reference_since {
            let path = dir.join(REFERENCE);
            let model = filled(trainer.policy().model.valid(), read_numbers(&path)?, &path)?;
            trainer.reference = Some(Reference { model, since });
        }
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
        let policy = LanguageModel::load(checkpoint.dir().join(POLICY), device)?;
        Self::restore(policy, &checkpoint, config, source)
    }
}
