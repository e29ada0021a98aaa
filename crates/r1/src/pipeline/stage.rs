//! The folder of a stage, and the loop that trains in it.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use r1_run::{Interrupt, Lock, RunError};
use r1_train::{Control, Ended, Hook, Recorder, Trainer, TrainingLoop, Update};

use super::PipelineError;

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
    save_every: u64,
    model_name: String,
    pub(super) interrupt: Interrupt,
    pub(super) digests: bool,
    /// The folder is locked already.
    lock: Option<Arc<Lock>>,
}

impl Stage {
    /// The stage in this folder, which need not exist. A checkpoint is written every 50 updates and at the end.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self {
            dir: dir.into(),
            save_every: 50,
            model_name: "model".into(),
            interrupt: Interrupt::never(),
            digests: false,
            lock: None,
        }
    }

    /// The same with another number of updates between two checkpoints; 0 saves at the end only, and when the stage is interrupted.
    pub fn with_save_every(self, save_every: u64) -> Self {
        Self { save_every, ..self }
    }

    /// The same with another name of the folder of the trained model.
    pub fn with_model_name(self, model_name: impl Into<String>) -> Self {
        Self { model_name: model_name.into(), ..self }
    }

    /// The same, saved and ended when this asks for a stop.
    pub fn with_interrupt(self, interrupt: Interrupt) -> Self {
        Self { interrupt, ..self }
    }

    /// The same with or without `digests.jsonl`, which says what every update of reinforcement learning was made of: its
    /// [digests](r1_grpo::UpdateDigests).
    pub fn with_digests(self, digests: bool) -> Self {
        Self { digests, ..self }
    }

    /// The same in a folder that the caller has locked.
    pub fn with_lock(self, lock: Lock) -> Self {
        Self { lock: Some(Arc::new(lock)), ..self }
    }

    /// The folder.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Where the trained model is written, in Hugging Face layout.
    pub fn model_dir(&self) -> PathBuf {
        self.dir.join(&self.model_name)
    }

    /// Takes the folder for this process and opens its files.
    pub(super) fn open(&self) -> Result<(Option<Lock>, Recorder), RunError> {
        let lock = if self.lock.is_some() { None } else { Some(Lock::inside(&self.dir)?) };
        Ok((lock, Recorder::open(&self.dir, self.save_every)?))
    }

    /// Trains up to so many updates, writes what each of them reports, and saves.
    pub(super) fn train<T>(
        &self,
        trainer: &mut T,
        updates: u64,
        hooks: Vec<Box<dyn Hook<T> + '_>>,
        recorder: &mut Recorder,
    ) -> Result<Ended, PipelineError>
    where
        T: Trainer,
        PipelineError: From<T::Error>,
    {
        let interrupt = |_: &mut T, _: &Update<'_, T::Report>| {
            Ok(if self.interrupt.requested() { Control::Stop } else { Control::Continue })
        };
        let mut training = TrainingLoop::new(updates);
        for hook in hooks {
            training = training.with_boxed_hook(hook);
        }
        let ended = training.with_hook(interrupt).with_hook(recorder).run(trainer)?;
        match self.interrupt.status() {
            Some(status) if ended == Ended::Stopped => Err(PipelineError::Interrupted {
                what: "update",
                done: trainer.updates(),
                dir: self.dir.clone(),
                status,
            }),
            _ => Ok(ended),
        }
    }
}
