//! Rejection sampling into a file that a killed run goes on with.

use std::{collections::BTreeMap, path::Path};

use r1_core::{Generate, Problem, Trace};
use r1_rewards::Reward;
use serde::Serialize;

use super::{
    RejectionConfig,
    sample::{Counts, check_ids, sample_chunk},
};
use crate::{
    DistillError, Unreadable,
    journalled::{Journalled, OfProblem},
};

/// What became of all completions, those of earlier calls for the same file included.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct RejectionReport {
    /// Problems asked.
    pub problems: usize,
    /// Completions sampled.
    pub samples: usize,
    /// Completions whose score is high enough.
    pub correct: usize,
    /// Correct ones that the limit of tokens cut off.
    pub truncated: usize,
    /// Correct ones that are not readable, by reason.
    pub unreadable: BTreeMap<Unreadable, usize>,
    /// Correct ones with the text of another one of the same problem.
    pub repeated: usize,
    /// Good ones beyond the number that is kept of a problem.
    pub surplus: usize,
    /// Traces written.
    pub kept: usize,
    /// Problems with at least one trace.
    pub solved: usize,
    /// Problems whose reference cannot be graded.
    pub ungradable: usize,
    /// Tokens of all completions, where the teacher tells them.
    pub tokens: usize,
}

/// How far rejection sampling is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RejectionProgress<'a> {
    /// Problems done, those of earlier calls included.
    pub done: usize,
    /// All problems.
    pub total: usize,
    /// What became of the completions so far.
    pub report: &'a RejectionReport,
}

/// [`rejection_sample`](crate::rejection_sample) that appends the traces to `path`, and skips problems that were asked
/// before.
///
/// Beside the file stands a journal, `PATH.journal.jsonl`: the settings, and what became of each problem, solved or not.
/// However often the process is killed, the file ends with the same bytes. `on_progress` is told after every chunk.
///
/// # Errors
/// As [`rejection_sample`](crate::rejection_sample), and [`RunError::Setting`](r1_run::RunError::Setting) when the file was begun with other
/// settings than now, `chunk` excepted, or errors of the files. What was written before stays.
pub fn rejection_sample_into(
    path: impl AsRef<Path>,
    teacher: &mut (impl Generate + ?Sized),
    problems: &[Problem],
    reward: &(impl Reward + ?Sized),
    config: &RejectionConfig,
    mut on_progress: impl FnMut(RejectionProgress<'_>),
) -> Result<RejectionReport, DistillError> {
    config.validate()?;
    check_ids(problems)?;
    let (mut file, before) = Journalled::open::<_, Counts>(path.as_ref(), config, &["chunk"])?;
    let mut report = RejectionReport::default();
    before.iter().for_each(|counts| report.add(counts, config.samples));
    let open: Vec<&Problem> = problems.iter().filter(|problem| !file.has(&problem.id)).collect();
    let mut done = problems.len() - open.len();
    for chunk in open.chunks(config.chunk) {
        let chunk: Vec<Problem> = chunk.iter().map(|problem| (*problem).clone()).collect();
        let results = sample_chunk(teacher, &chunk, reward, config)?;
        results.iter().for_each(|(_, counts)| report.add(counts, config.samples));
        let results = chunk.iter().zip(results);
        let of_problem = |(problem, (rows, counts)): (&Problem, (Vec<Trace>, Counts))| OfProblem {
            problem: problem.id.clone(),
            rows,
            counts,
        };
        file.append(results.map(of_problem).collect())?;
        done += chunk.len();
        on_progress(RejectionProgress { done, total: problems.len(), report: &report });
    }
    Ok(report)
}

impl RejectionReport {
    fn add(&mut self, counts: &Counts, samples: usize) {
        self.problems += 1;
        self.samples += samples;
        self.correct += counts.correct;
        self.truncated += counts.truncated;
        for (reason, count) in &counts.unreadable {
            *self.unreadable.entry(*reason).or_default() += count;
        }
        self.repeated += counts.repeated;
        self.surplus += counts.surplus;
        self.kept += counts.kept;
        self.solved += usize::from(counts.kept > 0);
        self.ungradable += usize::from(counts.ungradable);
        self.tokens += counts.tokens;
    }
}
