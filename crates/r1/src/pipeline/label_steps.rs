//! Labels of steps as a stage.

use std::{ops::ControlFlow, path::PathBuf};

use r1_core::Problem;
use r1_distill::{DistillError, StepLabelConfig, StepLabelReport, label_steps_into};
use r1_model::LanguageModel;
use r1_rewards::Reward;
use r1_run::{Progress, RunError, Status};

use super::{PipelineError, Stage};

impl Stage {
    /// Has a policy solve every problem and labels the steps, with a progress bar on standard error. The rows stand in
    /// `steps.jsonl` in the folder, with the journal that the same call goes on from; it returns that file.
    ///
    /// # Errors
    /// Those of [`label_steps_into`], [`DistillError::Empty`] when there is no row, and of the folder;
    /// [`PipelineError::Interrupted`] when the stage was asked to stop: what was labelled is in the journal.
    pub fn label_steps(
        &self,
        config: &StepLabelConfig,
        policy: &mut LanguageModel,
        problems: &[Problem],
        reward: &(impl Reward + ?Sized),
    ) -> Result<(PathBuf, StepLabelReport), PipelineError> {
        std::fs::create_dir_all(&self.dir)
            .map_err(|source| RunError::Write { path: self.dir.clone(), source })?;
        let path = self.dir.join("steps.jsonl");
        let mut progress = Progress::new(problems.len() as u64);
        let report = label_steps_into(&path, policy, problems, reward, config, |state| {
            let solutions = (state.report.rows.max(1)) as f64;
            let status =
                Status { pass_at_1: Some(state.report.right as f64 / solutions), ..Status::default() };
            progress.update(state.done as u64, &status);
            if self.interrupt.requested() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        progress.finish();
        let report = report?;
        if let Some(status) = self.interrupt.status().filter(|_| report.problems < problems.len()) {
            let (done, dir) = (report.problems as u64, self.dir.clone());
            return Err(PipelineError::Interrupted { what: "problem", done, dir, status });
        }
        if report.rows == 0 {
            return Err(DistillError::Empty.into());
        }
        Ok((path, report))
    }
}
