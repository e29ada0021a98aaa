//! Rejection sampling into a file that a killed run goes on with.

use std::{
    collections::{BTreeMap, HashSet},
    ffi::OsString,
    path::{Path, PathBuf},
};

use r1_core::{Generate, Problem, Trace};
use r1_rewards::Reward;
use r1_run::{Lines, RunError, checkpoint::agreed, read_lines};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};

use super::{
    RejectionConfig,
    sample::{Counts, check_ids, sample_chunk},
};
use crate::{DistillError, Unreadable};

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

/// One line of the journal, for one problem.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    problem: String,
    counts: Counts,
    /// Length of the file of traces behind this problem's, in bytes.
    end: u64,
}

/// [`rejection_sample`](crate::rejection_sample) that appends the traces to `path`, and skips problems that were asked
/// before.
///
/// Beside the file stands a journal, `PATH.journal.jsonl`: the settings, and what became of each problem, solved or not.
/// However often the process is killed, the file ends with the same bytes. `on_progress` is told after every chunk.
///
/// # Errors
/// As [`rejection_sample`](crate::rejection_sample), and [`RunError::Setting`] when the file was begun with other
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
    let mut files = Files::open(path.as_ref(), config)?;
    let open: Vec<&Problem> = problems.iter().filter(|problem| !files.done.contains(&problem.id)).collect();
    let mut done = problems.len() - open.len();
    for chunk in open.chunks(config.chunk) {
        let chunk: Vec<Problem> = chunk.iter().map(|problem| (*problem).clone()).collect();
        let results = sample_chunk(teacher, &chunk, reward, config)?;
        files.append(&chunk, results, config)?;
        done += chunk.len();
        on_progress(RejectionProgress { done, total: problems.len(), report: &files.report });
    }
    Ok(files.report)
}

/// The traces and their journal.
struct Files {
    traces: Lines,
    journal: Lines,
    done: HashSet<String>,
    report: RejectionReport,
}

impl Files {
    /// Opens both, cut back to the last problem that stands in both.
    fn open(path: &Path, config: &RejectionConfig) -> Result<Self, DistillError> {
        let mut beside = OsString::from(path);
        beside.push(".journal.jsonl");
        let beside = PathBuf::from(beside);
        let mut journal = Lines::open(&beside)?;
        journal.cut_torn_line()?;
        let traces = Lines::open(path)?;
        if journal.length() == 0 {
            if traces.length() > 0 {
                return Err(RunError::Exists { dir: path.to_owned() }.into());
            }
            journal.append(config)?;
        }
        let mut lines = read_lines(&beside)?.into_iter();
        let began: RejectionConfig = parsed(lines.next().unwrap_or_default(), &beside, 1)?;
        agreed(began, Some(config.clone()), &["chunk"])?;
        let mut files = Self { traces, journal, done: HashSet::new(), report: RejectionReport::default() };
        let mut end = 0;
        for (index, line) in lines.enumerate() {
            let entry: Entry = parsed(line, &beside, index + 2)?;
            end = entry.end;
            files.report.add(&entry.counts, config.samples);
            files.done.insert(entry.problem);
        }
        files.traces.cut(end)?;
        Ok(files)
    }

    /// The traces are on the disk before the journal says so.
    fn append(
        &mut self,
        problems: &[Problem],
        results: Vec<(Vec<Trace>, Counts)>,
        config: &RejectionConfig,
    ) -> Result<(), DistillError> {
        let mut entries = Vec::new();
        for (problem, (traces, counts)) in problems.iter().zip(results) {
            self.traces.append_all(&traces)?;
            self.report.add(&counts, config.samples);
            let (problem, end) = (problem.id.clone(), self.traces.length());
            entries.push(Entry { problem, counts, end });
        }
        self.traces.sync()?;
        self.journal.append_all(&entries)?;
        Ok(self.journal.sync()?)
    }
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

fn parsed<T: DeserializeOwned>(
    line: Map<String, Value>,
    path: &Path,
    number: usize,
) -> Result<T, DistillError> {
    let value = serde_json::from_value(Value::Object(line));
    Ok(value.map_err(|source| RunError::Line { path: path.to_owned(), line: number, source })?)
}
