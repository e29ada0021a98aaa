//! Evaluations during training.

use std::path::{Path, PathBuf};

use r1_grpo::GrpoError;
use r1_run::{RunError, atomic, read_lines};
use r1_train::{Control, Hook, Update};
use serde::{Deserialize, Serialize};

use super::examination::Examination;
use crate::pipeline::Reinforcement;

/// The file of evaluations, one line each.
pub(super) const FILE: &str = "evaluations.jsonl";

/// One evaluation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Row {
    step: u64,
    pass_at_1: f64,
    pass_at_1_stderr: Option<f64>,
    format: f64,
    mean_completion_tokens: f64,
}

/// Evaluates every few updates, and stops when it got no better for long.
pub(super) struct Periodic<'a> {
    evaluation: &'a Examination,
    path: PathBuf,
    rows: Vec<Row>,
}

impl<'a> Periodic<'a> {
    /// Goes on with the evaluations of the folder.
    pub(super) fn open(evaluation: &'a Examination, dir: &Path) -> Result<Self, RunError> {
        let path = dir.join(FILE);
        let lines = if path.exists() { read_lines(&path)? } else { Vec::new() };
        let rows = lines.into_iter().filter_map(|line| serde_json::from_value(line.into()).ok()).collect();
        Ok(Self { evaluation, path, rows })
    }

    pub(super) fn boxed<'b>(self) -> Box<dyn Hook<Reinforcement<'b>> + 'b>
    where
        'a: 'b,
    {
        Box::new(self)
    }

    /// How many evaluations there were since the best.
    fn since_best(&self) -> u64 {
        let best = self.rows.iter().map(|row| row.pass_at_1).fold(f64::MIN, f64::max);
        self.rows.iter().rev().take_while(|row| row.pass_at_1 < best).count() as u64
    }
}

impl<'b> Hook<Reinforcement<'b>> for Periodic<'_> {
    fn after_update(
        &mut self,
        training: &mut Reinforcement<'b>,
        update: &Update<'_, r1_grpo::StepReport>,
    ) -> Result<Control, GrpoError> {
        if !update.step.is_multiple_of(self.evaluation.every) || update.step == update.total {
            return Ok(Control::Continue);
        }
        let report = self
            .evaluation
            .evaluate(training.trainer.policy_mut())
            .map_err(|error| GrpoError::Hook { source: Box::new(error) })?;
        // Updates that are made again after a kill are evaluated again.
        self.rows.retain(|row| row.step < update.step);
        self.rows.push(Row {
            step: update.step,
            pass_at_1: report.pass_at_1,
            pass_at_1_stderr: report.pass_at_1_stderr,
            format: report.format,
            mean_completion_tokens: report.mean_completion_tokens,
        });
        let lines: Vec<String> = self.rows.iter().filter_map(|row| serde_json::to_string(row).ok()).collect();
        atomic::write_file(&self.path, format!("{}\n", lines.join("\n")).as_bytes())?;
        eprintln!("update {}: pass@1 {:.1} % on held-out problems", update.step, 100.0 * report.pass_at_1);
        let tired = self.evaluation.patience.is_some_and(|patience| self.since_best() >= patience);
        if tired {
            eprintln!(
                "update {}: no better for {} evaluations, so training ends",
                update.step,
                self.since_best()
            );
        }
        Ok(if tired { Control::Stop } else { Control::Continue })
    }
}
