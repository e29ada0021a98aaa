//! Rejection sampling as a stage.

use r1_core::{Generate, Problem, Trace};
use r1_data::dataset::traces;
use r1_distill::{DistillError, RejectionConfig, RejectionReport, rejection_sample_into};
use r1_rewards::Reward;
use r1_run::{Progress, RunError, Status};

use super::{PipelineError, Stage, interruptible::Interruptible};

impl Stage {
    /// Asks a teacher every problem, with a progress bar on standard error, and returns the traces that are right and
    /// readable. They stand in `traces.jsonl` in the folder, with the journal that the same call goes on from.
    ///
    /// # Errors
    /// Those of [`rejection_sample_into`], [`DistillError::Empty`] when no trace is kept, and of the folder;
    /// [`PipelineError::Interrupted`] when the stage was asked to stop: what was sampled is in the journal.
    pub fn reject(
        &self,
        config: &RejectionConfig,
        teacher: &mut (impl Generate + ?Sized),
        problems: &[Problem],
        reward: &(impl Reward + ?Sized),
    ) -> Result<(Vec<Trace>, RejectionReport), PipelineError> {
        std::fs::create_dir_all(&self.dir)
            .map_err(|source| RunError::Write { path: self.dir.clone(), source })?;
        let path = self.dir.join("traces.jsonl");
        let mut progress = Progress::new(problems.len() as u64);
        let mut done = 0;
        let mut teacher = Interruptible { inner: teacher, interrupt: &self.interrupt };
        let sampled = rejection_sample_into(&path, &mut teacher, problems, reward, config, |state| {
            done = state.done as u64;
            let samples = state.report.samples as f64;
            let status = Status {
                pass_at_1: Some(state.report.correct as f64 / samples),
                completion_tokens: Some(state.report.tokens as f64 / samples),
                ..Status::default()
            };
            progress.update(state.done as u64, &status);
        });
        progress.finish();
        let report = match (sampled, self.interrupt.status()) {
            (Err(_), Some(status)) => {
                return Err(PipelineError::Interrupted {
                    what: "problem",
                    done,
                    dir: self.dir.clone(),
                    status,
                });
            }
            (sampled, _) => sampled?,
        };
        if report.kept == 0 {
            return Err(DistillError::Empty.into());
        }
        Ok((traces::load(&path)?, report))
    }
}
