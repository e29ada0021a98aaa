//! Pipelines: several recipes in one file, each a stage whose model and data may be what an earlier one made.
//!
//! ```toml
//! seed = 1
//! output = { dir = "runs/r1" }
//!
//! [[stage]]
//! name = "cold-start"
//! method = "sft"
//! model = { path = "../../examples/nano_bilingual" }
//! data = { sources = [{ task = "spoken_arithmetic", limit = 200 }] }
//!
//! [[stage]]
//! name = "reasoning"
//! method = "grpo"
//! model = { stage = "cold-start" }
//! # ...
//!
//! [[stage]]
//! name = "traces"
//! method = "reject"
//! model = { stage = "reasoning" }
//! # ...
//! ```
//!
//! `model = { stage = ".." }` is the model that a stage trained, a source `{ stage = ".." }` the traces that one of method
//! `reject` kept or the steps that one of method `label-steps` wrote, a reward `{ name = "reward_model", stage = ".." }` what one of method `reward-model` trained. Every stage has a folder of its name in `output.dir`, with what a recipe's run has; nothing passes from
//! stage to stage but those files, so that each can be run alone, looked at, or replaced. A stage that is finished with the
//! same model, data and settings, known by their contents, is not run again.

mod resolve;
mod score;
mod run;
mod table;

use std::path::{Path, PathBuf};

use r1_data::did_you_mean;
use serde::{Deserialize, Serialize};
use toml::{Table, Value};

use super::{
    Recipe, RecipeError, Registry, Rewards,
    file::{assign, folder},
};

pub use run::PipelineResult;
pub use score::StageScore;

/// A pipeline as one file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PipelineRecipe {
    /// What it is for, in a sentence.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Where its numbers come from.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub source: String,
    /// The seed of every stage that names none.
    #[serde(default)]
    pub seed: u64,
    /// The folder of all stages.
    pub output: PipelineOutput,
    /// The evaluation of every stage that trains a policy and names none. What it leaves out of `sampling` and `template` is
    /// that of [`EvalConfig::new`](r1_eval::EvalConfig::new) for all of them, whatever they are trained with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evaluation: Option<Table>,
    /// Rewards that score the held-out completions of every model for the table at the end: a column each.
    #[serde(default, skip_serializing_if = "Rewards::is_empty")]
    pub column: Rewards,
    /// The stages, in the order in which they run: a `name`, and the fields of a [`Recipe`] but its output.
    stage: Vec<Table>,
    /// The folder that paths are relative to.
    #[serde(skip)]
    base: PathBuf,
}

/// The folder of a pipeline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PipelineOutput {
    /// The folder, relative to the working folder.
    pub dir: PathBuf,
}

/// A stage by its name.
#[derive(Debug, Clone, PartialEq)]
pub struct NamedRecipe {
    /// The stage's name, which is that of its folder.
    pub name: String,
    /// What it does.
    pub recipe: Recipe,
    /// Names of the earlier stages that it takes something of.
    needs: Vec<String>,
    waits_for: WaitsFor,
}

/// What of a stage cannot be read before an earlier one has made it, beside its model.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct WaitsFor {
    /// Whether its data is, with traces of an earlier stage among it.
    data: bool,
    /// Terms of its reward.
    rewards: Vec<usize>,
}

impl PipelineRecipe {
    /// A pipeline from its text, with assignments such as `stage.0.updates=5` applied in order; `None` for a text without
    /// a list of stages, which is a [`Recipe`]'s. `path` is the file that errors name and paths are relative to.
    ///
    /// # Errors
    /// As [`Recipe::parse`].
    pub fn parse<S: AsRef<str>>(
        text: &str,
        path: &Path,
        assignments: &[S],
    ) -> Result<Option<Self>, RecipeError> {
        let syntax = |error: toml::de::Error| RecipeError::Syntax {
            path: path.to_owned(),
            reason: did_you_mean(error.to_string().trim_end()),
        };
        let mut table: Table = toml::from_str(text).map_err(syntax)?;
        if !table.contains_key("stage") {
            return Ok(None);
        }
        for assignment in assignments {
            assign(&mut table, assignment.as_ref()).map_err(|reason| RecipeError::Assignment {
                assignment: assignment.as_ref().to_owned(),
                reason,
            })?;
        }
        let pipeline = Self::deserialize(Value::Table(table)).map_err(syntax)?;
        Ok(Some(Self { base: folder(path).to_owned(), ..pipeline }))
    }

    /// The stages as recipes, all settings checked; the data of later ones need not exist yet.
    ///
    /// # Errors
    /// [`RecipeError::Stages`] with the stage that is wrong: two of one name, one that takes something of a later stage or
    /// of one that makes no such thing, or a recipe that cannot be read.
    pub fn stages(&self) -> Result<Vec<NamedRecipe>, RecipeError> {
        resolve::stages(self)
    }

    /// The stages with their rewards made once, and their data read, but for what a stage has to make.
    fn checked(&self, registry: &Registry) -> Result<Vec<NamedRecipe>, RecipeError> {
        let stages = self.stages()?;
        for NamedRecipe { name, recipe, waits_for, .. } in &stages {
            let is_there = |(term, reward)| (!waits_for.rewards.contains(&term)).then_some(reward);
            let rewards = Rewards(recipe.reward.0.iter().cloned().enumerate().filter_map(is_there).collect());
            let check = match *waits_for == WaitsFor::default() {
                true => recipe.check_inputs(registry),
                false if rewards.is_empty() => Ok(()),
                false => registry.rubric(&rewards, &self.base).map(drop),
            };
            check.map_err(|source| RecipeError::InStage { name: name.clone(), source: Box::new(source) })?;
        }
        Ok(stages)
    }

    /// Reads what can be read before anything has run, and says what each stage would do. Nothing is written.
    ///
    /// # Errors
    /// As [`stages`](Self::stages), those of rewards and data, and those of [`Recipe::dry_run`] for a stage that waits for
    /// no other one.
    pub fn dry_run(&self, registry: &Registry) -> Result<serde_json::Value, RecipeError> {
        let told = self.checked(registry)?.into_iter().map(|NamedRecipe { name, recipe, needs, .. }| {
            let plan = if needs.is_empty() { Some(recipe.dry_run(registry)?) } else { None };
            Ok(serde_json::json!({
                "stage": name, "method": recipe.method, "takes_from": needs, "output": recipe.output.dir, "plan": plan,
            }))
        });
        Ok(serde_json::Value::Array(told.collect::<Result<_, RecipeError>>()?))
    }
}
