//! A file of rows that grows problem by problem, beside a journal that a killed run goes on from.

use std::{
    collections::HashSet,
    ffi::OsString,
    path::{Path, PathBuf},
};

use r1_run::{Lines, RunError, checkpoint::agreed, read_lines};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};

use crate::DistillError;

/// The rows, and `PATH.journal.jsonl` with the settings and what became of each problem.
pub(crate) struct Journalled {
    rows: Lines,
    journal: Lines,
    done: HashSet<String>,
}

/// What a problem came to.
pub(crate) struct OfProblem<R, C> {
    pub(crate) problem: String,
    pub(crate) rows: Vec<R>,
    pub(crate) counts: C,
}

/// One line of the journal, for one problem.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry<C> {
    problem: String,
    counts: C,
    /// Length of the file of rows behind this problem's, in bytes.
    end: u64,
}

impl Journalled {
    /// Opens both, cut back to the last problem that stands in both, and tells what became of the problems there.
    /// Settings in `free` may differ from those that the file was begun with.
    pub(crate) fn open<S: Serialize + DeserializeOwned + Clone, C: DeserializeOwned>(
        path: &Path,
        settings: &S,
        free: &[&str],
    ) -> Result<(Self, Vec<C>), DistillError> {
        let mut beside = OsString::from(path);
        beside.push(".journal.jsonl");
        let beside = PathBuf::from(beside);
        let mut journal = Lines::open(&beside)?;
        journal.cut_torn_line()?;
        let rows = Lines::open(path)?;
        if journal.length() == 0 {
            if rows.length() > 0 {
                return Err(RunError::Exists { dir: path.to_owned() }.into());
            }
            journal.append(settings)?;
        }
        let mut lines = read_lines(&beside)?.into_iter();
        let began: S = parsed(lines.next().unwrap_or_default(), &beside, 1)?;
        agreed(began, Some(settings.clone()), free)?;
        let mut files = Self { rows, journal, done: HashSet::new() };
        let (mut counts, mut end) = (Vec::new(), 0);
        for (index, line) in lines.enumerate() {
            let entry: Entry<C> = parsed(line, &beside, index + 2)?;
            end = entry.end;
            files.done.insert(entry.problem);
            counts.push(entry.counts);
        }
        files.rows.cut(end)?;
        Ok((files, counts))
    }

    /// Whether a problem was asked before.
    pub(crate) fn has(&self, problem: &str) -> bool {
        self.done.contains(problem)
    }

    /// The rows are on the disk before the journal says so.
    pub(crate) fn append<R: Serialize, C: Serialize>(
        &mut self,
        results: Vec<OfProblem<R, C>>,
    ) -> Result<(), DistillError> {
        let mut entries = Vec::new();
        for OfProblem { problem, rows, counts } in results {
            self.rows.append_all(&rows)?;
            self.done.insert(problem.clone());
            entries.push(Entry { problem, counts, end: self.rows.length() });
        }
        self.rows.sync()?;
        self.journal.append_all(&entries)?;
        Ok(self.journal.sync()?)
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
