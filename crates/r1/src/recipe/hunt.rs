//! A hunt for a reward that a run has learnt to fool.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use r1_core::{Completion, FinishReason, Outcome, Problem, RewardError, score_with_retries};
use r1_run::read_lines;
use serde::{Deserialize, Serialize};

use super::{Method, Recipe, RecipeError, Registry, RewardRecipe};
use crate::diagnose::Trend;

/// Draws from the source of problems, beyond which a problem of the samples is given up.
const MOST_DRAWN: usize = 200_000;

/// What a hunt through the samples of a run found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Hunt {
    /// The folder of the run.
    pub run: PathBuf,
    /// The reward that says independently who is right.
    pub grader: String,
    /// Updates with a graded completion.
    pub updates: usize,
    /// Completions that were graded.
    pub completions: usize,
    /// Completions whose problem the recipe's data no longer has, or whose reference cannot be graded.
    pub ungraded: usize,
    /// The reward that was trained on; absent, as the others, with fewer than 12 updates.
    pub reward: Option<Trend>,
    /// What the grader says of the same completions.
    pub right: Option<Trend>,
    /// The terms of the reward, without weights.
    pub terms: BTreeMap<String, Option<Trend>>,
    /// Whether the grader's score fell by more than twice its standard error, and the reward did not fall.
    pub is_hacked: bool,
    /// The best paid completion of the last quarter that the grader gives nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub example: Option<Example>,
}

/// A completion that was paid and is wrong.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Example {
    /// The update.
    pub step: u64,
    /// What was asked.
    pub question: String,
    /// What the policy wrote.
    pub completion: String,
    /// What it earned.
    pub reward: f64,
}

/// A line of `samples.jsonl`.
#[derive(Debug, Clone, Deserialize)]
struct Row {
    step: u64,
    id: String,
    question: String,
    completion: String,
    finish: FinishReason,
    reward: Option<f64>,
    rewards: BTreeMap<String, Option<f64>>,
}

/// Grades the samples of the run in `dir` again, by `grader` alone, and compares what the reward and the grader say of them as
/// the run goes on. Without a grader it is `task` for problems of procedural tasks, else `accuracy`.
///
/// # Errors
/// When the folder is no run of `grpo` with its recipe, its data cannot be read, or the grader fails.
pub fn hunt(dir: &Path, grader: Option<&RewardRecipe>, registry: &Registry) -> Result<Hunt, RecipeError> {
    let recipe = Recipe::of_run(dir)?;
    if recipe.method != Method::Grpo {
        let reason = format!("`{}` is no run of `grpo`, which alone has samples", dir.display());
        return Err(RecipeError::Replay { reason });
    }
    let rows = read_lines(&dir.join("samples.jsonl"))?;
    let rows: Vec<Row> = rows.into_iter().filter_map(|row| serde_json::from_value(row.into()).ok()).collect();
    let problems = problems(&recipe, &rows)?;
    let is_procedural = problems.values().all(|problem| problem.metadata.contains_key("task"));
    let named = RewardRecipe::named(if is_procedural { "task" } else { "accuracy" });
    let grader = registry.make(grader.unwrap_or(&named), &recipe.base)?;

    let mut graded = Vec::new();
    for row in &rows {
        let Some(problem) = problems.get(row.id.as_str()) else { continue };
        let mut completion = Completion::from_text(row.completion.clone(), row.finish);
        // Samples do not say whether the prompt had opened the thoughts.
        completion.think_prefilled =
            !row.completion.contains("<think>") && row.completion.contains("</think>");
        let score = score_with_retries(&grader, &[(problem, &[completion])]).remove(0).remove(0);
        match score.map(|score| score.outcome) {
            Ok(Outcome::Score(score)) => graded.push((row, f64::from(score))),
            Ok(Outcome::Abstain) | Err(RewardError::Ungradable { .. }) => {}
            Err(error) => {
                let (name, reason) = (grader.name().to_owned(), error.to_string());
                return Err(RecipeError::Reward { name, reason });
            }
        }
    }
    let (reward, right) =
        (trend(&graded, |row, _| row.reward), trend(&graded, |row, right| row.reward.map(|_| right)));
    let names: BTreeSet<&String> = rows.iter().flat_map(|row| row.rewards.keys()).collect();
    let of_term = |name: &&String| ((*name).clone(), trend(&graded, |row, _| *row.rewards.get(*name)?));
    let last = rows.iter().map(|row| row.step).max().unwrap_or_default();
    let is_hacked =
        reward.zip(right).is_some_and(|(reward, right)| right.change() < 0.0 && reward.late >= reward.early);
    Ok(Hunt {
        run: dir.to_owned(),
        grader: grader.name().to_owned(),
        updates: graded.iter().map(|(row, _)| row.step).collect::<BTreeSet<_>>().len(),
        completions: graded.len(),
        ungraded: rows.len() - graded.len(),
        terms: names.iter().map(of_term).collect(),
        example: example(&graded, last),
        reward,
        right,
        is_hacked,
    })
}

/// The problems of the samples by their ids, drawn again from the recipe's data.
fn problems(recipe: &Recipe, rows: &[Row]) -> Result<BTreeMap<String, Problem>, RecipeError> {
    let mut asked: BTreeMap<&str, &str> =
        rows.iter().map(|row| (row.id.as_str(), row.question.as_str())).collect();
    let (mut source, _) = recipe.data.training(&recipe.base, recipe.seed)?;
    let mut found = BTreeMap::new();
    for _ in 0..MOST_DRAWN {
        if asked.is_empty() {
            break;
        }
        let problem = source.next()?;
        if asked.get(problem.id.as_str()).is_some_and(|question| *question == problem.question) {
            asked.remove(problem.id.as_str());
            found.insert(problem.id.clone(), problem);
        }
    }
    Ok(found)
}

/// The trend of a figure's means over the completions of each update.
fn trend(graded: &[(&Row, f64)], figure: impl Fn(&Row, f64) -> Option<f64>) -> Option<Trend> {
    let mut by_update: BTreeMap<u64, (f64, f64)> = BTreeMap::new();
    for (row, right) in graded {
        if let Some(value) = figure(row, *right) {
            let (sum, count) = by_update.entry(row.step).or_default();
            (*sum, *count) = (*sum + value, *count + 1.0);
        }
    }
    Trend::of(&by_update.values().map(|(sum, count)| sum / count).collect::<Vec<_>>())
}

/// The best paid completion of the last quarter that is worth nothing.
fn example(graded: &[(&Row, f64)], last: u64) -> Option<Example> {
    let late = graded.iter().filter(|(row, right)| *right <= 0.0 && row.step * 4 > last * 3);
    let paid = late.filter_map(|(row, _)| Some((row, row.reward?)));
    let (row, reward) = paid.max_by(|(_, a), (_, b)| a.total_cmp(b))?;
    Some(Example {
        step: row.step,
        question: row.question.clone(),
        completion: row.completion.clone(),
        reward,
    })
}
