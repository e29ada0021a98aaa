//! How a recipe judges its model.

use r1_data::recipe::DataRecipe;
use serde::{Deserialize, Serialize};
use toml::Table;

use super::RewardRecipe;

/// Held-out problems, and when and how the model answers them.
///
/// It is evaluated before and after training, and in between as often as `every` says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EvaluationRecipe {
    /// The problems.
    pub data: DataRecipe,
    /// Updates between two evaluations; 0 evaluates before and after training only.
    #[serde(default)]
    pub every: u64,
    /// Ends training after so many evaluations in a row that were not better than the best before them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patience: Option<u64>,
    /// What grades the completions [default: `accuracy`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grader: Option<RewardRecipe>,
    /// The fields of [`EvalConfig`](r1_eval::EvalConfig) that differ from training: `samples`, `sampling`, `template`,
    /// `seed` and the others.
    #[serde(flatten)]
    pub settings: Table,
}
