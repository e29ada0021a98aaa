//! What the held-out completions of a stage's models are worth.

use std::{collections::BTreeMap, path::Path};

use r1_core::{Outcome, Problem, Reward, RewardError, score_with_retries};
use r1_eval::Journal;
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
    /// Mean score by the procedural task that set the problem.
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
        let dir = &recipe.output.dir;
        let updates = result["updates"].as_u64().unwrap_or_default();
        let score = |model: String, path: &Path, update: u64, figures: &Value, train_seconds| {
            let journal = Journal::open(dir.join(FOLDER).join(format!("{update}.jsonl")))?;
            let mut columns = BTreeMap::new();
            for (name, reward) in &self.columns {
                columns.insert(name.clone(), column(&journal, reward, &problems)?);
            }
            Ok::<_, RecipeError>(StageScore {
                model,
                path: path.display().to_string(),
                pass_at_1: figures["pass_at_1"].as_f64().unwrap_or_default(),
                pass_at_1_stderr: figures["pass_at_1_stderr"].as_f64(),
                by_task: by_task(&journal, &problems),
                format: figures["format"].as_f64().unwrap_or_default(),
                tokens: figures["mean_completion_tokens"].as_f64().unwrap_or_default(),
                columns,
                train_seconds,
            })
        };
        let start = recipe.base().join(&recipe.model.path);
        let start_name =
            start.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        let made = dir.join(&recipe.output.model);
        let seconds = crate::pipeline::train_seconds(dir)?;
        Ok(vec![
            score(start_name, &start, 0, &result["before"], 0.0)?,
            score(name.clone(), &made, updates, &result["after"], seconds)?,
        ])
    }
}

/// The mean score of a journal's completions; `None` when none has a score.
fn column(journal: &Journal, reward: &dyn Reward, problems: &[Problem]) -> Result<Option<f64>, RecipeError> {
    let groups: Vec<_> = problems.iter().map(|problem| (problem, journal.completions(&problem.id))).collect();
    let mut scores = Vec::new();
    for score in score_with_retries(reward, &groups).into_iter().flatten() {
        match score.map(|score| score.outcome) {
            Ok(Outcome::Score(score)) => scores.push(score),
            Ok(Outcome::Abstain) | Err(RewardError::Ungradable { .. }) => {}
            Err(error) => {
                let reason = error.to_string();
                return Err(RecipeError::Reward { name: reward.name().to_owned(), reason });
            }
        }
    }
    Ok(mean(&scores))
}

/// The mean score of the problems of each procedural task.
fn by_task(journal: &Journal, problems: &[Problem]) -> BTreeMap<String, f64> {
    let mut tasks: BTreeMap<&str, Vec<f32>> = BTreeMap::new();
    for problem in problems {
        if let Some(task) = problem.metadata.get("task").and_then(Value::as_str) {
            tasks.entry(task).or_default().extend(journal.scores(&problem.id));
        }
    }
    let means = tasks.into_iter().filter_map(|(task, scores)| Some((task.to_owned(), mean(&scores)?)));
    means.collect()
}

fn mean(scores: &[f32]) -> Option<f64> {
    let sum: f64 = scores.iter().copied().map(f64::from).sum();
    (!scores.is_empty()).then(|| sum / scores.len() as f64)
}
