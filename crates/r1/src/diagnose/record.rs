//! A run as diagnoses see it.

use std::path::Path;

use r1_core::FinishReason;
use r1_grpo::GrpoConfig;
use r1_run::{RunError, read_lines};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Fewer updates than this tell nothing about a course.
const MIN_UPDATES: usize = 12;

/// What a run wrote.
#[derive(Debug, Clone, Default)]
pub struct RunRecord {
    /// The lines of `metrics.jsonl`.
    pub metrics: Vec<Map<String, Value>>,
    /// The lines of `samples.jsonl`.
    pub samples: Vec<Sample>,
    /// The settings of its trainer, where they are known.
    pub config: Option<GrpoConfig>,
    /// Whether the model says itself how it is asked.
    pub has_chat_template: bool,
}

/// A line of `samples.jsonl`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Sample {
    /// The update.
    pub step: u64,
    /// What the policy wrote.
    pub completion: String,
    /// Its length in tokens.
    pub tokens: usize,
    /// Why it ended.
    pub finish: FinishReason,
    /// Its reward.
    pub reward: Option<f64>,
}

/// A figure at both ends of a run: means over the first and over the last quarter of its updates.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Trend {
    /// The mean over the first quarter.
    pub early: f64,
    /// The mean over the last quarter.
    pub late: f64,
    /// Standard error of their difference, taking updates to be independent.
    pub stderr: f64,
}

impl Trend {
    /// The trend of values, update after update; `None` for fewer than 12, which tell nothing.
    pub fn of(values: &[f64]) -> Option<Self> {
        if values.len() < MIN_UPDATES {
            return None;
        }
        let count = quarter(values.len());
        let (early, late) = (&values[..count], &values[values.len() - count..]);
        let square = (variance(early) + variance(late)) / count as f64;
        Some(Self { early: mean(early), late: mean(late), stderr: square.sqrt() })
    }

    /// The difference, where it is twice its standard error; else 0.
    pub fn change(&self) -> f64 {
        let difference = self.late - self.early;
        if difference.abs() > 2.0 * self.stderr { difference } else { 0.0 }
    }
}

impl RunRecord {
    /// Reads a run's folder. Settings and the model's template are for the caller to add:
    /// [`Recipe::record`](crate::recipe::Recipe::record) does.
    ///
    /// # Errors
    /// When its metrics cannot be read, or a line is none.
    pub fn read(dir: &Path) -> Result<Self, RunError> {
        let samples = dir.join("samples.jsonl");
        let rows = if samples.exists() { read_lines(&samples)? } else { Vec::new() };
        Ok(Self {
            metrics: read_lines(&dir.join("metrics.jsonl"))?,
            samples: rows.into_iter().filter_map(|row| serde_json::from_value(row.into()).ok()).collect(),
            ..Self::default()
        })
    }

    /// The values of a metric, update after update; those without it are left out.
    pub fn series(&self, key: &str) -> Vec<f64> {
        self.metrics.iter().filter_map(|line| line.get(key)?.as_f64()).collect()
    }

    /// The mean of a metric over the last quarter of the updates.
    pub fn late(&self, key: &str) -> Option<f64> {
        let values = self.series(key);
        (!values.is_empty()).then(|| mean(&values[values.len() - quarter(values.len())..]))
    }

    /// A metric at both ends of the run; `None` for a run too short to tell.
    pub fn trend(&self, key: &str) -> Option<Trend> {
        Trend::of(&self.series(key))
    }

    /// The samples of the last quarter of the updates.
    pub fn late_samples(&self) -> Vec<&Sample> {
        let last = self.samples.iter().map(|sample| sample.step).max().unwrap_or_default();
        self.samples.iter().filter(|sample| sample.step * 4 > last * 3).collect()
    }

    /// How many updates were made.
    pub fn updates(&self) -> usize {
        self.metrics.len()
    }
}

/// A quarter of so many, two at least where there are as many.
fn quarter(count: usize) -> usize {
    (count / 4).max(2).min(count)
}

pub(super) fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

fn variance(values: &[f64]) -> f64 {
    let mean = mean(values);
    values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (values.len().max(2) - 1) as f64
}

/// A share in per cent, for a sentence.
pub(super) fn percent(share: f64) -> String {
    format!("{:.0} %", 100.0 * share)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_change_counts_when_it_is_twice_its_error() {
        let run = |values: &[f64]| RunRecord {
            metrics: values.iter().map(|value| json!({"a": value}).as_object().unwrap().clone()).collect(),
            ..RunRecord::default()
        };
        // Quarters (1, 3, 2) and (5, 7, 6): both have variance 1, so the error of the difference is √(2/3).
        let trend = run(&[1.0, 3.0, 2.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 5.0, 7.0, 6.0]).trend("a").unwrap();
        assert_eq!((trend.early, trend.late), (2.0, 6.0));
        assert!((trend.stderr - (2f64 / 3.0).sqrt()).abs() < 1e-12);
        assert_eq!(trend.change(), 4.0);
        let still = run(&[1.0, 3.0, 2.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 2.5, 4.5, 3.5]).trend("a").unwrap();
        assert_eq!(still.change(), 0.0);
        assert_eq!(run(&[1.0; 11]).trend("a"), None);
        assert_eq!(run(&[1.0; 12]).trend("b"), None);
        assert_eq!(run(&[]).late("a"), None);
        assert_eq!(run(&[1.0]).late("a"), Some(1.0));
    }
}
