//! What an evaluation found.

use std::collections::BTreeMap;

use r1_data::{FinishReason, Reference, Sampling};
use serde::Serialize;
use serde_json::Value;

use crate::{Estimate, estimate, pass_at_k};

/// What an evaluation found. Serialises to the figures alone; [`rows`](Self::rows) go to a file of
/// JSON lines beside it.
///
/// Every figure is a mean over the problems that could be graded; `*_stderr` is one standard error of
/// it over the problems, and `null` when there is only one.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EvalReport {
    /// How many problems were graded.
    pub problems: usize,
    /// How many completions each of them got.
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
    /// Share of completions in the strict format of R1-Zero,
    /// [`Response::strict`](r1_data::Response::strict).
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
    /// Problems left out because their reference cannot be used.
    pub ungradable: usize,
    /// Problems left out because the reward abstained on a completion.
    pub abstained: usize,
    /// The graded problems one by one, in order.
    #[serde(skip)]
    pub results: Vec<ProblemResult>,
    /// Every completion, those of problems left out included.
    #[serde(skip)]
    pub rows: Vec<SampleRow>,
}

/// One graded problem.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ProblemResult {
    /// The problem's id.
    pub id: String,
    /// How many of its completions are correct.
    pub correct: usize,
    /// Whether the answer given most often is correct.
    pub consensus: bool,
    /// Share of its completions in the strict format.
    pub format: f64,
    /// Share of its completions that were cut off.
    pub truncated: f64,
    /// Mean length of its completions in tokens.
    pub tokens: f64,
}

/// One completion with all that is needed to understand its score, a line of `*.samples.jsonl`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SampleRow {
    /// The problem's id.
    pub id: String,
    /// Which of the problem's completions it is, from 0.
    pub sample: usize,
    /// What was asked.
    pub question: String,
    /// What the writer was shown: a text, token ids or a list of messages.
    pub prompt: Value,
    /// What counts as right.
    pub reference: Reference,
    /// What the writer wrote.
    pub completion: String,
    /// Its length in tokens.
    pub tokens: usize,
    /// Why it ended.
    pub finish: FinishReason,
    /// The answer that was read from it, as it voted.
    pub answer: String,
    /// Its score; `null` when it could not be graded.
    pub score: Option<f32>,
    /// Whether it counts as correct; `null` when it could not be graded.
    pub correct: Option<bool>,
    /// Name of the reward that graded it.
    pub grader: String,
    /// How it was sampled.
    pub sampling: Sampling,
    /// Seed of the problem's key.
    pub seed: u64,
}

/// Problems that left the means.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct LeftOut {
    pub(crate) ungradable: usize,
    pub(crate) abstained: usize,
}

impl EvalReport {
    /// Takes the means over at least one graded problem.
    pub(crate) fn new(
        samples: usize,
        results: Vec<ProblemResult>,
        rows: Vec<SampleRow>,
        out: LeftOut,
    ) -> Self {
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
            format: format.mean,
            format_stderr: format.stderr,
            truncated: truncated.mean,
            truncated_stderr: truncated.stderr,
            mean_completion_tokens: tokens.mean,
            mean_completion_tokens_stderr: tokens.stderr,
            ungradable: out.ungradable,
            abstained: out.abstained,
            results,
            rows,
        };
        let powers = (0..).map(|power| 1usize << power).take_while(|&k| k <= samples);
        report.pass_at_k = powers.map(|k| (k, report.pass_at(k))).collect();
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
