//! Step labels into a file that a killed run goes on with.

use std::{ops::ControlFlow, path::Path};

use r1_core::Problem;
use r1_model::{CausalLm, LanguageModel};
use r1_rewards::Reward;
use serde::Serialize;

use super::{
    StepLabelConfig,
    label::{Counts, Labeller},
};
use crate::{DistillError, journalled::Journalled, rejection::check_ids};

/// What became of all problems, those of earlier calls for the same file included.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct StepLabelReport {
    /// Problems asked.
    pub problems: usize,
    /// Solutions that are right.
    pub right: usize,
    /// Rows written, one a solution.
    pub rows: usize,
    /// Their steps.
    pub steps: usize,
    /// Continuations sampled.
    pub rollouts: usize,
    /// Problems whose reference cannot be graded.
    pub ungradable: usize,
}

/// How far the labels are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepLabelProgress<'a> {
    /// Problems done, those of earlier calls included.
    pub done: usize,
    /// All problems.
    pub total: usize,
    /// What became of them so far.
    pub report: &'a StepLabelReport,
}

/// Has a policy solve problems, and labels each step of a solution with the share of its continuations that end right.
///
/// ```text
/// label_j = 1/N Σ_i right(s_1 .. s_j, continuation_ij)        of the last step: right(s)
/// ```
///
/// The rows are appended to `path` in the layout of [`stepwise`](r1_data::dataset::stepwise), which a reward model learns as a
/// process reward model. Beside it stands a journal, `PATH.journal.jsonl`, by which the same call goes on: however often the
/// process is killed, the file ends with the same bytes. What ends at the limit of tokens is not right. `on_progress` is told
/// after every chunk, and may stop there.
///
/// # Errors
/// [`DistillError::Setting`] and [`DistillError::DuplicateId`] before anything is sampled; [`DistillError::Prompt`] with the
/// problem that cannot be asked; errors of the policy; [`DistillError::Reward`] when scoring failed three times;
/// [`RunError::Setting`](r1_run::RunError::Setting) when the file was begun with other settings, `chunk` excepted, or errors
/// of the files. What was written before stays.
///
/// # Examples
/// ```no_run
/// use std::ops::ControlFlow;
/// use r1_data::dataset::gsm8k;
/// use r1_distill::{StepLabelConfig, label_steps_into};
/// use r1_model::LanguageModel;
/// use r1_rewards::AccuracyReward;
///
/// let mut policy = LanguageModel::load("checkpoints/policy", &r1_model::device()?)?;
/// let problems = gsm8k::load("train.jsonl")?;
/// let report = label_steps_into("steps.jsonl", &mut policy, &problems, &AccuracyReward::new(), &StepLabelConfig::default(), |_| {
///     ControlFlow::Continue(())
/// })?;
/// println!("{} steps", report.steps);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Source
/// Math-Shepherd (arXiv:2312.08935v3), section 3.3.1, eq. (3) and (4).
pub fn label_steps_into<M: CausalLm>(
    path: impl AsRef<Path>,
    policy: &mut LanguageModel<M>,
    problems: &[Problem],
    reward: &(impl Reward + ?Sized),
    config: &StepLabelConfig,
    mut on_progress: impl FnMut(StepLabelProgress<'_>) -> ControlFlow<()>,
) -> Result<StepLabelReport, DistillError> {
    config.validate()?;
    check_ids(problems)?;
    let (mut file, before) = Journalled::open::<_, Counts>(path.as_ref(), config, &["chunk"])?;
    let mut report = StepLabelReport::default();
    before.iter().for_each(|counts| report.add(counts));
    let open: Vec<Problem> = problems.iter().filter(|problem| !file.has(&problem.id)).cloned().collect();
    let mut done = problems.len() - open.len();
    let mut labeller = Labeller { policy, reward, config };
    for chunk in open.chunks(config.chunk) {
        let results = labeller.label(chunk)?;
        results.iter().for_each(|of_problem| report.add(&of_problem.counts));
        file.append(results)?;
        done += chunk.len();
        if on_progress(StepLabelProgress { done, total: problems.len(), report: &report }).is_break() {
            break;
        }
    }
    Ok(report)
}

impl StepLabelReport {
    fn add(&mut self, counts: &Counts) {
        self.problems += 1;
        self.right += counts.right;
        self.rows += counts.rows;
        self.steps += counts.steps;
        self.rollouts += counts.rollouts;
        self.ungradable += usize::from(counts.ungradable);
    }
}
