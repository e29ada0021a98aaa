//! What the held-out completions of a stage's models are worth.

use std::{collections::BTreeMap, path::Path};

use r1_core::{Outcome, Problem, Reward};
use r1_eval::Journal;
use serde::Serialize;
use serde_json::Value;

use super::NamedRecipe;
use crate::recipe::{RecipeError, Registry, RewardRecipe, examination::FOLDER};

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
        registry: &Registry,
        result: &Value,
    ) -> Result<Vec<StageScore>, RecipeError> {
        let NamedRecipe { name, recipe, .. } = stage;
        let Some(evaluation) = &recipe.evaluation else { return Ok(Vec::new()) };
        let (problems, _) = evaluation.data.evaluation(recipe.base(), recipe.seed)?;
        let grader = evaluation.grader.clone().unwrap_or_else(|| RewardRecipe::named("accuracy"));
        let grader = registry.make(&grader, recipe.base())?;
        let dir = &recipe.output.dir;
        let updates = result["updates"].as_u64().unwrap_or_default();
        let score = |model: String, path: &Path, update: u64, figures: &Value, train_seconds| {
            let journal = Journal::open(dir.join(FOLDER).join(format!("{update}.jsonl")))?;
            let mut columns = BTreeMap::new();
            for (name, reward) in &self.columns {
                columns.insert(name.clone(), mean(&journal, reward, problems.iter())?);
            }
            Ok::<_, RecipeError>(StageScore {
                model,
                path: path.display().to_string(),
                pass_at_1: figures["pass_at_1"].as_f64().unwrap_or_default(),
                pass_at_1_stderr: figures["pass_at_1_stderr"].as_f64(),
                by_task: by_task(&journal, &grader, &problems)?,
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

/// The mean score of the completions of some problems; `None` when none has a score.
fn mean<'a>(
    journal: &Journal,
    reward: &dyn Reward,
    problems: impl Iterator<Item = &'a Problem>,
) -> Result<Option<f64>, RecipeError> {
    let (mut sum, mut count) = (0.0, 0usize);
    for problem in problems {
        for completion in journal.completions(&problem.id) {
            let outcome = reward.score(problem, completion).map_err(|error| RecipeError::Reward {
                name: reward.name().to_owned(),
                reason: error.to_string(),
            })?;
            if let Outcome::Score(score) = outcome {
                sum += f64::from(score);
                count += 1;
            }
        }
    }
    Ok((count > 0).then(|| sum / count as f64))
}

fn by_task(
    journal: &Journal,
    grader: &dyn Reward,
    problems: &[Problem],
) -> Result<BTreeMap<String, f64>, RecipeError> {
    let mut tasks: BTreeMap<&str, Vec<&Problem>> = BTreeMap::new();
    for problem in problems {
        if let Some(task) = problem.metadata.get("task").and_then(Value::as_str) {
            tasks.entry(task).or_default().push(problem);
        }
    }
    let mut shares = BTreeMap::new();
    for (task, problems) in tasks {
        if let Some(share) = mean(journal, grader, problems.into_iter())? {
            shares.insert(task.to_owned(), share);
        }
    }
    Ok(shares)
}
