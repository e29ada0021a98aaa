//! The folder of a recipe's run.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// Where a run goes, and how often it is saved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutputRecipe {
    /// The folder, relative to the working folder.
    pub dir: PathBuf,
    /// Name of the folder of the trained model within it.
    #[serde(default = "model")]
    pub model: String,
    /// Updates between two checkpoints; 0 saves at the end only.
    #[serde(default = "save_every")]
    pub save_every: u64,
    /// Writes what every update of `grpo` was made of to `digests.jsonl`, for `r1 replay` [default: on the CPU; from a GPU,
    /// weights, gradients and moments have to be read for it].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digests: Option<bool>,
}

fn model() -> String {
    "model".into()
}

fn save_every() -> u64 {
    50
}
