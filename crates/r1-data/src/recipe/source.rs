//! One source of a recipe: a procedural task, or a file.

use std::{path::PathBuf, sync::Arc};

use r1_tasks::Task;
use serde::{Deserialize, Serialize};

use crate::{
    DataError,
    dataset::{AnswerKind, Columns},
    nearest::or_nearest,
};

/// A procedural task or a file, with its share of a mixture.
///
/// ```
/// use r1_data::recipe::SourceRecipe;
///
/// let task: SourceRecipe = serde_json::from_str(r#"{"task": "countdown", "level": 2, "weight": 0.5}"#)?;
/// let file: SourceRecipe = serde_json::from_str(r#"{"file": "train.csv", "kind": "number", "limit": 1000}"#)?;
/// assert_eq!((task.name(), file.name()), ("countdown 2".into(), "train.csv".into()));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SourceRecipe {
    /// A procedural task by name, such as `chained_arithmetic`; `r1 problems --list` has all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task: Option<String>,
    /// The task's level, from 1 [default: 1].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level: Option<usize>,
    /// A file, relative to the recipe's folder, or an address of the Hugging Face Hub. JSON lines, a JSON array,
    /// CSV, TSV, any of them under gzip, or Parquet: the file itself says which.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<PathBuf>,
    /// The layout of the file's rows, `question-answer`, `messages`, `prompt-completion` or a known set such as
    /// `gsm8k` [default: `auto`, by the columns].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<String>,
    /// Names of columns where they are not the usual ones.
    #[serde(skip_serializing_if = "Columns::is_default")]
    pub columns: Columns,
    /// The kind of the answers [default: told by each answer].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<AnswerKind>,
    /// The part of the file: `train`, or the tenth of the questions that is `held-out` [default: all of it].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub split: Option<Split>,
    /// Number of items: the first ones of a file; for a task in an evaluation or in fine-tuning, those that are made
    /// [default: the whole file; 100 of a task].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<usize>,
    /// The source's weight in a mixture: its share is the weight over the sum of all [default: 1].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight: Option<f64>,
}

/// A part of a file, chosen by the text of each question alone, so that the two parts never meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Split {
    /// Nine questions of ten.
    Train,
    /// The tenth.
    HeldOut,
}

impl Split {
    pub(super) fn has(self, question: &str) -> bool {
        r1_tasks::is_held_out(question) == (self == Self::HeldOut)
    }
}

/// A source whose fields fit together.
pub(super) enum Checked<'a> {
    Task(Arc<dyn Task>, usize),
    File(&'a PathBuf),
}

impl SourceRecipe {
    /// The task and its level, or the file.
    pub fn name(&self) -> String {
        match (&self.task, &self.file) {
            (Some(task), _) => format!("{task} {}", self.level.unwrap_or(1)),
            (None, Some(file)) => file.display().to_string(),
            (None, None) => "without a task or a file".into(),
        }
    }

    pub(super) fn weight(&self) -> f64 {
        self.weight.unwrap_or(1.0)
    }

    pub(super) fn check(&self) -> Result<Checked<'_>, DataError> {
        let wrong = |name, reason: String| Err(DataError::Setting { name, reason });
        if self.weight.is_some_and(|weight| !(weight > 0.0 && weight.is_finite())) {
            return wrong("weight", format!("is {}; expected a positive number", self.weight()));
        }
        if self.limit == Some(0) {
            return wrong("limit", "is 0; expected at least 1".into());
        }
        match (&self.task, &self.file) {
            (Some(_), Some(_)) => wrong("task", "stands beside `file`; a source is one of them".into()),
            (None, None) => wrong("task", "is missing, and so is `file`; a source is one of them".into()),
            (None, Some(_)) if self.level.is_some() => {
                wrong("level", "belongs to a task, and this source is a file".into())
            }
            (None, Some(file)) => Ok(Checked::File(file)),
            (Some(name), None) => {
                let of_files = [
                    ("format", self.format.is_some()),
                    ("columns", !self.columns.is_default()),
                    ("kind", self.kind.is_some()),
                    ("split", self.split.is_some()),
                ];
                if let Some((name, _)) = of_files.into_iter().find(|(_, is_set)| *is_set) {
                    return wrong(name, "belongs to a file, and this source is a task".into());
                }
                task(name, self.level.unwrap_or(1)).map(|task| Checked::Task(task, self.level.unwrap_or(1)))
            }
        }
    }
}

fn task(name: &str, level: usize) -> Result<Arc<dyn Task>, DataError> {
    let tasks = r1_tasks::all();
    let names: Vec<&str> = tasks.iter().map(|task| task.name()).collect();
    let task = r1_tasks::by_name(name).ok_or_else(|| {
        let reason = format!("is `{name}`, which is no task{}", or_nearest(name, &names));
        DataError::Setting { name: "task", reason }
    })?;
    if !(1..=task.levels()).contains(&level) {
        let reason = format!("is {level}; {name} has the levels 1 to {}", task.levels());
        return Err(DataError::Setting { name: "level", reason });
    }
    Ok(task)
}
