//! Recipes: a whole training run as one TOML file.
//!
//! ```toml
//! method = "grpo"
//! updates = 200
//! seed = 1
//!
//! [model]
//! path = "../../examples/nano"
//!
//! [[data.sources]]
//! task = "chained_arithmetic"
//!
//! [[reward]]
//! name = "accuracy"
//!
//! [grpo]
//! preset = "r1"
//! learning_rate = 1e-4
//!
//! [output]
//! dir = "runs/r1_zero"
//! ```
//!
//! [`Recipe::read`] reads and checks one, with `--set a.b=c` on top; [`Recipe::run`] does what it says, and goes on where
//! an earlier run of the same recipe stopped. Rewards come from a
//! [`Registry`], to which a crate of one's own adds by name.
//!
//! A file with a list of `[[stage]]` is a [`PipelineRecipe`].
//!
//! Paths of the model and of data are relative to the folder of the recipe, that of the output to the working folder.

mod model;
mod reward;
mod evaluation;
mod output;
mod file;
mod overlay;
mod preset;
mod built_in;
mod shaping;
mod registry;
mod examination;
mod periodic;
mod rejection;
mod step_labels;
mod reward_model;
mod learnt_rewards;
mod parts;
mod job;
mod identity;
mod stored;
mod record;
mod folder;
mod run;
mod replay;
mod hunt;
mod dry_run;
mod stages;
mod error;

use std::path::{Path, PathBuf};

use r1_data::recipe::DataRecipe;
use serde::{Deserialize, Serialize};
use toml::Table;

pub use error::RecipeError;
pub use evaluation::EvaluationRecipe;
pub(crate) use file::{folder as recipe_folder, read_text};
pub use hunt::{Example, Hunt, hunt};
pub use model::ModelRecipe;
pub use output::OutputRecipe;
pub use registry::Registry;
pub use replay::{Difference, DifferenceKind, Replayed, replay};
pub use reward::{RewardRecipe, Rewards};
pub use run::{Finished, RunOptions, Trained};
pub use stages::{NamedRecipe, PipelineOutput, PipelineRecipe, PipelineResult, StageScore};

/// A training run: what is trained, on what, by which rewards and settings, and where it goes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipe {
    /// What it is for, in a sentence.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Where its numbers come from: papers with their sections, or measurements.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub source: String,
    /// How it trains.
    pub method: Method,
    /// Optimizer updates of `grpo`; `sft` counts them by its epochs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updates: Option<u64>,
    /// Seed of problems, rollouts and evaluation.
    #[serde(default)]
    pub seed: u64,
    /// The model that training starts from.
    pub model: ModelRecipe,
    /// The problems of `grpo`, `reject` and `label-steps`, the traces of `sft`, or the rows of `reward-model`.
    pub data: DataRecipe,
    /// The terms of the reward of `grpo`, or of what grades in `reject` and `label-steps` [default there: `accuracy`].
    #[serde(default, skip_serializing_if = "Rewards::is_empty")]
    pub reward: Rewards,
    /// Settings of `grpo`: a `preset` and the fields of [`GrpoConfig`](r1_grpo::GrpoConfig) that differ from it.
    #[serde(default, skip_serializing_if = "Table::is_empty")]
    pub grpo: Table,
    /// Traces that `sft` does not learn, for the loss that it reports (without them it is that of the last batch), or rows
    /// that a reward model is judged by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held_out: Option<DataRecipe>,
    /// Settings of `sft`: the fields of [`SftConfig`](r1_distill::SftConfig) that differ from its preset `r1`; the
    /// `template` that tasks are shown in; and `skip_long`, to leave traces out that are longer than `max_tokens`.
    #[serde(default, skip_serializing_if = "Table::is_empty")]
    pub sft: Table,
    /// Settings of `reject`: the number of `problems` that are asked, and the fields of
    /// [`RejectionConfig`](r1_distill::RejectionConfig) that differ from its default.
    #[serde(default, skip_serializing_if = "Table::is_empty")]
    pub reject: Table,
    /// Settings of `label-steps`: the number of `problems` that are asked, and the fields of
    /// [`StepLabelConfig`](r1_distill::StepLabelConfig) that differ from its default.
    #[serde(default, skip_serializing_if = "Table::is_empty")]
    pub label_steps: Table,
    /// Settings of `reward-model`: a `preset` (`helpful`, the default, or `safe`) and the fields of
    /// [`RewardModelConfig`](r1_reward_model::RewardModelConfig) that differ from it; `min_margin`, to keep only pairs whose
    /// margin is above; and `skip_long`, as for `sft`.
    #[serde(default, skip_serializing_if = "Table::is_empty")]
    pub reward_model: Table,
    /// The held-out problems that the model is judged by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evaluation: Option<EvaluationRecipe>,
    /// The folder of the run.
    pub output: OutputRecipe,
    /// The folder that paths are relative to [default: that of the recipe].
    #[serde(default, skip_serializing_if = "is_empty")]
    base: PathBuf,
}

/// How a recipe trains.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Method {
    /// Group Relative Policy Optimization, on problems with rewards.
    Grpo,
    /// Supervised fine-tuning, on traces.
    Sft,
    /// A reward model, on pairs and labelled answers.
    #[serde(rename = "reward-model")]
    RewardModel,
    /// Rejection sampling: trains nothing, and keeps the right and readable answers of the model as `traces.jsonl`.
    Reject,
    /// Labels of steps: trains nothing, and writes how good the steps of the model's own solutions are as `steps.jsonl`.
    #[serde(rename = "label-steps")]
    LabelSteps,
}

impl Method {
    /// Files that only this method writes into the folder of its run.
    fn files(self) -> &'static [&'static str] {
        match self {
            Self::Reject => &["traces.jsonl", "traces.jsonl.journal.jsonl"],
            Self::LabelSteps => &["steps.jsonl", "steps.jsonl.journal.jsonl"],
            _ => &[],
        }
    }
}

impl Recipe {
    /// The folder that the paths of model and data are relative to.
    pub fn base(&self) -> &Path {
        &self.base
    }

    /// Its description, or the method and the model in a few words.
    pub(crate) fn title(&self) -> String {
        match self.description.lines().next() {
            Some(line) if !line.is_empty() => line.trim_end_matches('.').to_owned(),
            _ => format!("{:?} of {}", self.method, self.model.path.display()),
        }
    }

    /// Checks the settings of its method, without reading anything.
    pub(crate) fn check_settings(&self) -> Result<(), RecipeError> {
        match self.method {
            Method::Grpo => self.grpo_config().map(drop),
            Method::Sft => self.sft_config().map(drop),
            Method::Reject => self.rejection_config().map(drop),
            Method::LabelSteps => self.step_label_config().map(drop),
            Method::RewardModel => self.reward_model_config().map(drop),
        }
    }

    /// The recipe as TOML.
    ///
    /// # Panics
    /// Never: every recipe that was read can be written.
    pub fn to_toml(&self) -> String {
        toml::to_string_pretty(self).expect("a recipe is made of what TOML has")
    }
}

fn is_empty(path: &Path) -> bool {
    path.as_os_str().is_empty()
}
