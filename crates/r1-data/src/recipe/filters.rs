//! Filters of a recipe.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
};

use r1_core::{Problem, Trace};
use serde::{Deserialize, Serialize};

use super::{DataReport, resolve};
use crate::{
    DataError,
    curate::{
        Contaminants, ContaminationRule, Document, NearDuplicates, PassRate, PassRateFilter, PassRateReport,
        verified_then_shorter,
    },
    dataset::{Format, rows},
};

/// Filters of the problems or traces of files, in the order in which they work.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Filters {
    /// Drops what shares a run of words with an evaluation set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decontaminate: Option<Decontamination>,
    /// Keeps one of several items whose questions are nearly the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub near_duplicates: Option<NearDuplicateFilter>,
    /// Keeps the problems that a policy solves sometimes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pass_rate: Option<PassRateWindow>,
}

/// Evaluation sets, and what makes an item a copy of one of theirs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decontamination {
    /// Files of evaluation problems, each in any layout of problems.
    pub against: Vec<PathBuf>,
    /// The rule [default: a run of ten words].
    #[serde(default)]
    pub rule: ContaminationRule,
}

/// Two questions are nearly the same when the Jaccard similarity of their runs of five words reaches the
/// threshold. Of a group the first problem stays; of traces a verified one, else the shortest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NearDuplicateFilter {
    /// The Jaccard similarity from which two questions are nearly the same, in `[0.5, 1]` [default: 0.7].
    #[serde(default = "threshold")]
    pub threshold: f64,
}

fn threshold() -> f64 {
    0.7
}

/// A window of pass rates. Problems that are never or always solved are dropped whatever it is: all advantages of
/// their groups would be zero.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PassRateWindow {
    /// A file with a line for each sample, `{"id": "..", "correct": true}`, as `r1 eval` writes it beside its
    /// report (`*.samples.jsonl`), or for each problem, `{"id": "..", "passed": 3, "samples": 8}`.
    pub report: PathBuf,
    /// The lowest share of right samples that is kept [default: any above 0].
    #[serde(default)]
    pub min: f64,
    /// The highest share of right samples that is kept [default: any below 1].
    #[serde(default = "one")]
    pub max: f64,
}

fn one() -> f64 {
    1.0
}

impl Filters {
    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    pub(super) fn files(&self) -> impl Iterator<Item = &Path> {
        let against = self.decontaminate.iter().flat_map(|one| &one.against);
        against.chain(self.pass_rate.iter().map(|window| &window.report)).map(PathBuf::as_path)
    }

    /// Drops problems and notes it.
    pub(super) fn problems(
        &self,
        base: &Path,
        problems: Vec<Problem>,
        report: &mut DataReport,
    ) -> Result<Vec<Problem>, DataError> {
        let mut problems = self.documents(base, problems, |_| 0, report)?;
        if let Some(window) = &self.pass_rate {
            let filter = PassRateFilter::new(window.min..=window.max)?;
            let rates = pass_rates(&resolve(base, &window.report))?;
            let dropped: PassRateReport;
            (problems, dropped) = filter.apply(problems, |problem| rates.get(&problem.id).copied());
            report.pass_rate = Some(dropped);
        }
        if problems.is_empty() { Err(DataError::Empty) } else { Ok(problems) }
    }

    /// Drops traces and notes it.
    pub(super) fn traces(
        &self,
        base: &Path,
        traces: Vec<Trace>,
        report: &mut DataReport,
    ) -> Result<Vec<Trace>, DataError> {
        if self.pass_rate.is_some() {
            let reason = "is for problems, and these are traces".into();
            return Err(DataError::Setting { name: "pass_rate", reason });
        }
        let traces = self.documents(base, traces, verified_then_shorter, report)?;
        if traces.is_empty() { Err(DataError::Empty) } else { Ok(traces) }
    }

    fn documents<D: Document, R: Ord>(
        &self,
        base: &Path,
        mut documents: Vec<D>,
        rank: impl Fn(&D) -> R,
        report: &mut DataReport,
    ) -> Result<Vec<D>, DataError> {
        if let Some(Decontamination { against, rule }) = &self.decontaminate {
            if against.is_empty() {
                let reason = "is empty; name at least one file of evaluation problems".into();
                return Err(DataError::Setting { name: "against", reason });
            }
            let mut contaminants = Contaminants::new(rule.clone())?;
            for file in against {
                let path = resolve(base, file);
                contaminants.add(&file.display().to_string(), &Format::detect(&path)?.load(&path)?);
            }
            let (kept, removed) = contaminants.remove_from(documents);
            documents = kept;
            report.decontamination = Some(removed);
        }
        if let Some(NearDuplicateFilter { threshold }) = self.near_duplicates {
            let search = NearDuplicates::new().with_threshold(threshold)?;
            let (kept, removed) = search.remove_from(documents, rank);
            documents = kept;
            report.near_duplicates = Some(removed);
        }
        Ok(documents)
    }
}

/// One sample, or one problem.
#[derive(Deserialize)]
struct Row {
    id: String,
    #[serde(default)]
    correct: Option<bool>,
    #[serde(default)]
    passed: Option<u64>,
    #[serde(default)]
    samples: Option<u64>,
}

/// The pass rates of a report by the problems' ids. Samples that could not be graded do not count.
pub(super) fn pass_rates(path: &Path) -> Result<HashMap<String, PassRate>, DataError> {
    let mut counts: HashMap<String, (u64, u64)> = HashMap::new();
    let records = rows::read::<Row>(path)?;
    let place = records.place().clone();
    for record in records {
        let record = record?;
        let Row { id, correct, passed, samples } = record.value;
        let (passed, samples) = match (passed, samples, correct) {
            (Some(passed), Some(samples), _) if passed <= samples => (passed, samples),
            (Some(passed), Some(samples), _) => {
                let reason = format!("{passed} of {samples} samples cannot be right");
                return Err(place.error(record.row, reason));
            }
            (None, None, correct) => (u64::from(correct == Some(true)), u64::from(correct.is_some())),
            _ => return Err(place.error(record.row, "`passed` and `samples` belong together".into())),
        };
        let count = counts.entry(id).or_default();
        *count = (count.0.saturating_add(passed), count.1.saturating_add(samples));
    }
    let counts = counts.into_iter().filter(|(_, (_, samples))| *samples > 0);
    Ok(counts.map(|(id, (passed, samples))| (id, PassRate::new(passed, samples))).collect())
}
