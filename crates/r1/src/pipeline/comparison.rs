//! The same held-out problems before and after training.

use std::{io, path::Path};

use r1_eval::EvalReport;
use r1_run::{
    Report, RunError,
    report::{Chart, Row, SamplePair, Unit},
};
use serde_json::{Value, json};

/// Two evaluations of the same problems, and what lies between them.
#[derive(Debug, Clone)]
pub struct Comparison {
    /// What the page is called.
    pub title: String,
    /// The model before training.
    pub before: EvalReport,
    /// The model after it.
    pub after: EvalReport,
    /// Optimizer updates.
    pub updates: u64,
    /// The run's seed.
    pub seed: u64,
    /// Wall-clock seconds of training, see [`train_seconds`].
    pub train_seconds: f64,
    /// What somebody should look at, for the page.
    pub notes: Vec<String>,
}

/// Seconds of all updates of a run's folder, those before an interruption and those that were made twice included.
///
/// # Errors
/// When `timings.jsonl` cannot be read.
pub fn train_seconds(dir: &Path) -> Result<f64, RunError> {
    let lines = r1_run::read_lines(&dir.join("timings.jsonl"))?;
    let steps = lines.iter().filter_map(|line| line["timings"].as_object());
    let seconds = steps.flatten().filter(|(name, _)| name.ends_with("_seconds"));
    Ok(seconds.filter_map(|(_, value)| value.as_f64()).sum())
}

impl Comparison {
    /// The figures as `summary.json` holds them.
    pub fn summary(&self) -> Value {
        let figures = |report: &EvalReport| {
            json!({"pass_at_1": report.pass_at_1, "pass_at_1_stderr": report.pass_at_1_stderr,
                   "format": report.format, "mean_completion_tokens": report.mean_completion_tokens})
        };
        json!({"before": figures(&self.before), "after": figures(&self.after), "steps": self.updates,
               "train_seconds": self.train_seconds, "seed": self.seed})
    }

    /// The page: the table, the curves, and three problems before and after.
    pub fn page(&self) -> Report {
        let Self { before, after, .. } = self;
        let mut page = Report::new(&self.title);
        page.subtitle = format!("{} updates in {:.0} s", self.updates, self.train_seconds);
        page.parameters = vec![
            ("steps".into(), self.updates.to_string()),
            ("seed".into(), self.seed.to_string()),
            ("held-out problems".into(), before.problems.to_string()),
        ];
        page.notes.clone_from(&self.notes);
        page.rows = self.rows();
        page.charts = Chart::standard();
        let third = before.rows.len() / 3;
        let pairs = before.rows.iter().zip(&after.rows).skip(third / 2).step_by(third.max(1));
        page.samples = pairs
            .take(3)
            .map(|(before, after)| SamplePair {
                question: before.question.clone(),
                reference: before.reference.to_string(),
                before: before.completion.clone(),
                before_reward: before.score.map(f64::from),
                after: after.completion.clone(),
                after_reward: after.score.map(f64::from),
            })
            .collect();
        page
    }

    fn rows(&self) -> Vec<Row> {
        let Self { before, after, .. } = self;
        vec![
            Row::share("pass@1", before.pass_at_1, after.pass_at_1)
                .with_stderr(before.pass_at_1_stderr, after.pass_at_1_stderr),
            Row::share("format", before.format, after.format)
                .with_stderr(before.format_stderr, after.format_stderr),
            Row::number("completion tokens", before.mean_completion_tokens, after.mean_completion_tokens)
                .with_stderr(before.mean_completion_tokens_stderr, after.mean_completion_tokens_stderr),
            Row::share("truncated", before.truncated, after.truncated)
                .with_stderr(before.truncated_stderr, after.truncated_stderr),
        ]
    }

    /// Writes `summary.json` and `report.html` into the run's folder.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn write(&self, dir: &Path) -> Result<(), RunError> {
        let text = format!("{:#}\n", self.summary());
        r1_run::atomic::write_file(&dir.join("summary.json"), text.as_bytes())?;
        self.page().write(dir).map(drop)
    }

    /// Writes the table and three samples for people.
    ///
    /// # Errors
    /// When `out` cannot be written.
    pub fn show(&self, out: &mut dyn io::Write) -> io::Result<()> {
        writeln!(out, "\n{:<20} {:>16} {:>16}", "held-out problems", "before", "after")?;
        for row in self.rows() {
            let number = |value: f64, error: Option<f64>| {
                let (scale, unit) = if row.unit == Unit::Share { (100.0, " %") } else { (1.0, "") };
                let error = error.map_or(String::new(), |error| format!(" ± {:.1}", scale * error));
                format!("{:.1}{error}{unit}", scale * value)
            };
            let (before, after) =
                (number(row.before, row.before_stderr), number(row.after, row.after_stderr));
            writeln!(out, "{:<20} {before:>16} {after:>16}", row.name)?;
        }
        writeln!(out, "training took {:.0} s", self.train_seconds)?;
        for sample in self.page().samples {
            writeln!(out, "\n{}   (answer: {})", sample.question, sample.reference)?;
            writeln!(out, "  before: {}\n  after:  {}", sample.before.trim(), sample.after.trim())?;
        }
        Ok(())
    }
}
