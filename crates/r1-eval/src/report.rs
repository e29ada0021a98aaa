//! Reports of evaluations.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::{Breakdown, Estimate, EvalConfig, GradedSample, Lengths, estimate, pass_at_k};

/// The report of an evaluation. Serialises to the figures alone; [`rows`](Self::rows) go to a file of
/// JSON lines beside it.
///
/// Every figure is a mean over the problems that could be graded; `*_stderr` is one standard error of
/// it over the problems, and `null` when there is only one.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EvalReport {
    /// Number of graded problems.
    pub problems: usize,
    /// Number of completions of each.
    pub samples: usize,
    /// Share of correct completions.
    pub pass_at_1: f64,
    /// Its standard error.
    pub pass_at_1_stderr: Option<f64>,
    /// The unbiased pass@k for the powers of two up to `samples`.
    pub pass_at_k: BTreeMap<usize, f64>,
    /// Share of problems on which the answer given most often is correct: cons@`samples`.
    pub consensus: f64,
    /// Its standard error.
    pub consensus_stderr: Option<f64>,
    /// The mean of [`consensus_at_k()`](crate::consensus_at_k()) for the powers of two up to `samples`.
    pub consensus_at_k: BTreeMap<usize, f64>,
    /// Share of completions in the strict format of R1-Zero,
    /// [`Response::strict`](r1_core::Response::strict).
    pub format: f64,
    /// Its standard error.
    pub format_stderr: Option<f64>,
    /// Share of completions that the limit of tokens cut off.
    pub truncated: f64,
    /// Its standard error.
    pub truncated_stderr: Option<f64>,
    /// Mean length of a completion in tokens.
    pub mean_completion_tokens: f64,
    /// Its standard error.
    pub mean_completion_tokens_stderr: Option<f64>,
    /// Lengths of the graded completions, and those cut off; unknown only before there are any.
    pub lengths: Option<Lengths>,
    /// The figures by the entries of the metadata that [`EvalConfig::group_by`] names.
    pub tables: Vec<Breakdown>,
    /// Problems left out because their reference cannot be used.
    pub ungradable: usize,
    /// Problems left out because the reward abstained on a completion.
    pub abstained: usize,
    /// Name of the reward that graded.
    pub grader: String,
    /// The settings.
    pub config: EvalConfig,
    /// The graded problems one by one, in order.
    #[serde(skip)]
    pub results: Vec<ProblemResult>,
    /// Every completion, those of problems left out included.
    #[serde(skip)]
    pub rows: Vec<GradedSample>,
}

/// One graded problem.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ProblemResult {
    /// The problem's id.
    pub id: String,
    /// The entries of its metadata that the tables need.
    pub metadata: Map<String, Value>,
    /// Number of its correct completions.
    pub correct: usize,
    /// True when the answer given most often is correct.
    pub consensus: bool,
    /// Its cons@k for the powers of two up to the number of samples.
    pub consensus_at_k: BTreeMap<usize, f64>,
    /// Share of its completions in the strict format.
    pub format: f64,
    /// Share of its completions that were cut off.
    pub truncated: f64,
    /// Mean length of its completions in tokens.
    pub tokens: f64,
}

/// Problems that left the means.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct LeftOut {
    pub(crate) ungradable: usize,
    pub(crate) abstained: usize,
}

/// 1, 2, 4, ... up to `most`.
pub(crate) fn powers_of_two(most: usize) -> impl Iterator<Item = usize> {
    (0..usize::BITS).map(|power| 1usize << power).take_while(move |&k| k <= most)
}

impl EvalReport {
    /// Takes the means over at least one graded problem.
    pub(crate) fn new(
        config: &EvalConfig,
        grader: &str,
        results: Vec<ProblemResult>,
        rows: Vec<GradedSample>,
        out: LeftOut,
    ) -> Self {
        let samples = config.samples;
        let over = |value: fn(&ProblemResult) -> f64| {
            let values: Vec<f64> = results.iter().map(value).collect();
            estimate(&values)
        };
        let shares: Vec<f64> = results.iter().map(|result| result.correct as f64 / samples as f64).collect();
        let Estimate { mean: pass_at_1, stderr: pass_at_1_stderr } = estimate(&shares);
        let consensus = over(|result| f64::from(u8::from(result.consensus)));
        let format = over(|result| result.format);
        let truncated = over(|result| result.truncated);
        let tokens = over(|result| result.tokens);
        let mut report = Self {
            problems: results.len(),
            samples,
            pass_at_1,
            pass_at_1_stderr,
            pass_at_k: BTreeMap::new(),
            consensus: consensus.mean,
            consensus_stderr: consensus.stderr,
            consensus_at_k: BTreeMap::new(),
            format: format.mean,
            format_stderr: format.stderr,
            truncated: truncated.mean,
            truncated_stderr: truncated.stderr,
            mean_completion_tokens: tokens.mean,
            mean_completion_tokens_stderr: tokens.stderr,
            lengths: Lengths::of(&rows),
            tables: config.group_by.iter().filter_map(|by| Breakdown::of(&results, samples, by)).collect(),
            ungradable: out.ungradable,
            abstained: out.abstained,
            grader: grader.to_owned(),
            config: config.clone(),
            results,
            rows,
        };
        for k in powers_of_two(samples) {
            let consensus = report.results.iter().filter_map(|result| result.consensus_at_k.get(&k));
            report.consensus_at_k.insert(k, consensus.sum::<f64>() / report.results.len() as f64);
            report.pass_at_k.insert(k, report.pass_at(k));
        }
        report
    }

    /// The chance that one of `k` tries is right: the mean of [`pass_at_k()`](crate::pass_at_k()).
    ///
    /// # Panics
    /// When `k` is 0 or more than [`samples`](Self::samples).
    pub fn pass_at(&self, k: usize) -> f64 {
        assert!(
            1 <= k && k <= self.samples,
            "pass@{k} needs {k} samples of a problem; there are {}",
            self.samples
        );
        let each = self.results.iter().filter_map(|result| pass_at_k(self.samples, result.correct, k).ok());
        each.sum::<f64>() / self.results.len() as f64
    }

    /// Share of problems on which the majority is right: cons@[`samples`](Self::samples).
    pub fn consensus(&self) -> f64 {
        self.consensus
    }
}
