//! A trainer with everything that it draws from, for a loop.

use std::path::Path;

use r1_core::{ProblemSource, Reward};
use r1_model::{CausalLm, Transformer};
use r1_run::{CheckpointNote, Run, RunError, Status};
use r1_train::Trainer;

use crate::{GrpoError, GrpoTrainer, RolloutRow, StepReport};

/// A [`GrpoTrainer`] with its source and its reward, as a [`TrainingLoop`](r1_train::TrainingLoop) drives it.
///
/// The first group of every update is kept as samples, and the metric of a checkpoint is its reward.
#[derive(Debug)]
pub struct GrpoTraining<'a, S: ?Sized, R: ?Sized, M: CausalLm = Transformer> {
    /// The trainer.
    pub trainer: GrpoTrainer<M>,
    /// Where problems come from.
    pub source: &'a mut S,
    /// What scores completions.
    pub reward: &'a R,
}

impl<S, R, M> Trainer for GrpoTraining<'_, S, R, M>
where
    S: ProblemSource + ?Sized,
    R: Reward + ?Sized,
    M: CausalLm,
{
    type Report = StepReport;
    type Error = GrpoError;

    fn updates(&self) -> u64 {
        self.trainer.updates()
    }

    fn step(&mut self) -> Result<StepReport, GrpoError> {
        self.trainer.step(&mut *self.source, self.reward)
    }

    fn save(&self, dir: &Path, note: CheckpointNote) -> Result<(), GrpoError> {
        self.trainer.save_with(dir, &*self.source, note)
    }

    fn timings(&self) -> Option<serde_json::Value> {
        serde_json::to_value(self.trainer.timings()).ok()
    }

    fn write_samples(&self, report: &StepReport, run: &mut Run) -> Result<(), RunError> {
        let first = self.trainer.last_groups().next();
        first.map_or(Ok(()), |group| run.samples(&RolloutRow::of_group(report.step, group)))
    }

    fn status(&self, report: &StepReport) -> Status {
        Status {
            reward: report.reward,
            pass_at_1: report.pass_at_1,
            completion_tokens: Some(report.mean_length),
            tokens_per_second: self.trainer.timings().sampled_tokens_per_second(),
        }
    }

    fn metric(&self, report: &StepReport) -> Option<f64> {
        report.reward
    }

    fn warning(&self, report: &StepReport) -> Option<String> {
        let diagnosis = report.diagnosis.as_ref()?;
        Some(format!("update {} taught nothing: {diagnosis}", report.step))
    }
}
