//! What the held-out completions of a stage's models are worth.

use std::{
    collections::{BTreeMap, HashMap},
    path::Path,
};

use r1_core::{Completion, Outcome, Problem, Reward};
use r1_eval::GradedSample;
use serde::Serialize;
use serde_json::Value;

use super::NamedRecipe;
use crate::recipe::{RecipeError, examination::FOLDER};

/// The figures of one model.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StageScore {
    /// The stage that made the model, or the folder of one that no stage made.
    pub model: String,
    /// Where it stands.
    pub path: String,
    /// Share of right answers, with its standard error over problems.
    pub pass_at_1: f64,
    /// The standard error.
    pub pass_at_1_stderr: Option<f64>,
    /// Share of right answers by the procedural task that set the problem.
    pub by_task: BTreeMap<String, f64>,
    /// Share of completions in the strict format.
    pub format: f64,
    /// Mean length in tokens.
    pub tokens: f64,
    /// The mean of each column's reward over the completions that it scored; `null` where it scored none.
    pub columns: BTreeMap<String, Option<f64>>,
    /// Seconds of training in the stage.
    pub train_seconds: f64,
}

/// Scores completions by the columns of the table.
pub(super) struct Scorer {
    columns: Vec<(String, Box<dyn Reward>)>,
}

impl Scorer {
    pub(super) fn new(columns: Vec<(String, Box<dyn Reward>)>) -> Self {
        Self { columns }
    }

    /// The model that a stage started from, and the one that it made; none without an evaluation.
    pub(super) fn of_stage(
        &self,
        stage: &NamedRecipe,
        result: &Value,
    ) -> Result<Vec<StageScore>, RecipeError> {
        let NamedRecipe { name, recipe, .. } = stage;
        let Some(evaluation) = &recipe.evaluation else { return Ok(Vec::new()) };
        let (problems, _) = evaluation.data.evaluation(recipe.base(), recipe.seed)?;
        let problems: HashMap<&str, &Problem> =
            problems.iter().map(|problem| (problem.id.as_str(), problem)).collect();
        let dir = &recipe.output.dir;
        let updates = result["updates"].as_u64().unwrap_or_default();
        let folder = dir.join(FOLDER);
        let score = |model: String, path: String, update: u64, figures: &Value, train_seconds| {
            let samples = GradedSample::load(folder.join(format!("{update}.jsonl")))?;
            Ok::<_, RecipeError>(StageScore {
                model,
                path,
                pass_at_1: figures["pass_at_1"].as_f64().unwrap_or_default(),
                pass_at_1_stderr: figures["pass_at_1_stderr"].as_f64(),
                by_task: by_task(&samples, &problems),
                format: figures["format"].as_f64().unwrap_or_default(),
                tokens: figures["mean_completion_tokens"].as_f64().unwrap_or_default(),
                columns: self.columns(&samples, &problems)?,
                train_seconds,
            })
        };
        let start = recipe.base().join(&recipe.model.path);
        let start_name =
            start.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        let made = dir.join(&recipe.output.model);
        let seconds = crate::pipeline::train_seconds(dir)?;
        Ok(vec![
            score(start_name, shown(&start), 0, &result["before"], 0.0)?,
            score(name.clone(), shown(&made), updates, &result["after"], seconds)?,
        ])
    }

    fn columns(
        &self,
        samples: &[GradedSample],
        problems: &HashMap<&str, &Problem>,
    ) -> Result<BTreeMap<String, Option<f64>>, RecipeError> {
        let mut means = BTreeMap::new();
        for (name, reward) in &self.columns {
            let (mut sum, mut count) = (0.0, 0usize);
            for sample in samples {
                let Some(problem) = problems.get(sample.id.as_str()) else { continue };
                let mut completion = Completion::from_text(&sample.completion, sample.finish);
                completion.think_prefilled = sample.think_prefilled;
                let outcome = reward
                    .score(problem, &completion)
                    .map_err(|error| RecipeError::Reward { name: name.clone(), reason: error.to_string() })?;
                if let Outcome::Score(score) = outcome {
                    sum += f64::from(score);
                    count += 1;
                }
            }
            means.insert(name.clone(), (count > 0).then(|| sum / count as f64));
        }
        Ok(means)
    }
}

fn by_task(samples: &[GradedSample], problems: &HashMap<&str, &Problem>) -> BTreeMap<String, f64> {
    let mut counts: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    for sample in samples {
        let task =
            problems.get(sample.id.as_str()).and_then(|problem| problem.metadata.get("task")?.as_str());
        let (Some(task), Some(correct)) = (task, sample.correct) else { continue };
        let entry = counts.entry(task.to_owned()).or_default();
        *entry = (entry.0 + usize::from(correct), entry.1 + 1);
    }
    counts.into_iter().map(|(task, (right, all))| (task, right as f64 / all as f64)).collect()
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}
