//! Supervised fine-tuning as a stage.

use r1_core::{Cursor, Trace};
use r1_distill::{DistillError, SftConfig, SftTrainer, SftTraining};
use r1_model::{LanguageModel, checkpoint::WeightType};

use super::{PipelineError, Stage};

/// What fine-tuning came to.
#[derive(Debug)]
pub struct FineTuned {
    /// The student.
    pub model: LanguageModel,
    /// Updates made, those of earlier calls included.
    pub updates: u64,
    /// Mean negative log-likelihood of the completion tokens of `held_out`, or before the last update of its traces when
    /// there are none, in nats.
    pub loss: f64,
}

impl Stage {
    /// Teaches a model all traces for [`SftConfig::epochs`] epochs, in an order that `seed` names, with a progress bar on
    /// standard error. `held_out` are traces that are not learnt, for the evaluation loss at the end.
    ///
    /// # Errors
    /// [`DistillError::Empty`] without a trace, those of [`SftTrainer::step`] and [`SftTrainer::load`], and of the
    /// folder; [`PipelineError::Interrupted`] when the stage was asked to stop, and has saved.
    pub fn fine_tune(
        &self,
        config: SftConfig,
        model: LanguageModel,
        traces: Vec<Trace>,
        held_out: &[Trace],
        seed: u64,
    ) -> Result<FineTuned, PipelineError> {
        if traces.is_empty() {
            return Err(DistillError::Empty.into());
        }
        let config = SftConfig { traces: traces.len() as u64, ..config };
        let (_lock, mut recorder) = self.open()?;
        let mut source = Cursor::new(traces.clone(), seed).map_err(DistillError::from)?;
        let trainer = match recorder.latest() {
            Some(dir) => SftTrainer::load_into(model, dir, Some(config), &mut source)?,
            None => SftTrainer::new(config, model)?,
        };
        let (first, updates) = (trainer.updates(), trainer.config().updates());
        let mut training = SftTraining::new(trainer, &mut source);
        self.train(&mut training, updates, Vec::new(), &mut recorder)?;
        let trainer = training.into_trainer();
        if trainer.updates() > first || !self.model_dir().exists() {
            trainer.model().save(self.model_dir(), WeightType::F32)?;
        }
        let loss = match recorder.run().metrics()?.last().and_then(|last| last["loss"].as_f64()) {
            Some(loss) if held_out.is_empty() => loss,
            _ => trainer.evaluate(if held_out.is_empty() { &traces } else { held_out })?,
        };
        Ok(FineTuned { loss, updates: trainer.updates(), model: trainer.into_model() })
    }
}
