//! Supervised fine-tuning as a stage.

use std::time::Instant;

use r1_core::{Cursor, Trace};
use r1_distill::{DistillError, SftConfig, SftTrainer};
use r1_model::{LanguageModel, checkpoint::WeightType};
use r1_run::{CheckpointNote, Progress, Status};
use serde_json::json;

use super::{PipelineError, Stage, stage::Found};

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
    /// folder.
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
        let Found { checkpoints, latest, mut run } = self.find()?;
        let mut source = Cursor::new(traces.clone(), seed).map_err(DistillError::from)?;
        let mut trainer = match latest {
            Some(dir) => SftTrainer::load(dir, Some(config), &model.device.clone(), &mut source)?,
            None => SftTrainer::new(config, model)?,
        };
        let (first, updates) = (trainer.updates(), trainer.config().updates());
        let mut progress = Progress::new(updates).starting_at(first);
        while trainer.updates() < updates {
            let started = Instant::now();
            let report = trainer.step(&mut source)?;
            let seconds = started.elapsed().as_secs_f64();
            run.log(&report)?;
            run.time(&json!({"step": report.step, "training_seconds": seconds}))?;
            let rate = report.tokens as f64 / seconds;
            let status = Status { tokens_per_second: Some(rate), ..Status::default() };
            progress.update(report.step, &status);
            if self.saves_at(report.step, updates) {
                let note = CheckpointNote { positions: Some(run.positions()?), metric: None };
                checkpoints.save(report.step, |dir| trainer.save_with(dir, &source, note))?;
            }
        }
        progress.finish();
        if trainer.updates() > first {
            trainer.model().save(self.dir.join("model"), WeightType::F32)?;
        }
        let loss = match run.metrics()?.last().and_then(|last| last["loss"].as_f64()) {
            Some(loss) if held_out.is_empty() => loss,
            _ => trainer.evaluate(if held_out.is_empty() { &traces } else { held_out })?,
        };
        Ok(FineTuned { loss, updates: trainer.updates(), model: trainer.into_model() })
    }
}
