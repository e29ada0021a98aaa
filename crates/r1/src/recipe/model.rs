//! The model of a recipe.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// The model that training starts from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelRecipe {
    /// Checkpoint folder in Hugging Face layout.
    pub path: PathBuf,
}
