//! The model of a recipe.

use std::path::{Path, PathBuf};

use r1_model::{LanguageModel, LoraConfig, ModelError, Precision};
use serde::{Deserialize, Serialize};

/// The model that training starts from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelRecipe {
    /// Checkpoint folder in Hugging Face layout, or that of an adapter, which is then trained on.
    pub path: PathBuf,
    /// Freezes the model and trains an adapter beside it, which is what the run saves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lora: Option<LoraConfig>,
    /// How exactly a GPU computes; a precision that the command was called with goes before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub precision: Option<Precision>,
}

impl ModelRecipe {
    /// Reads the model; `seed` draws a fresh adapter.
    pub(super) fn load(&self, base: &Path, seed: u64) -> Result<LanguageModel, ModelError> {
        let model = self.read(base.join(&self.path), seed)?;
        if model.is_packed() { Err(ModelError::Packed { wanted: "training" }) } else { Ok(model) }
    }

    /// Has a GPU compute as exactly as the recipe says, unless the command does.
    pub(super) fn choose_precision(&self) {
        if let (None, Some(precision)) = (Precision::chosen(), self.precision) {
            precision.choose();
        }
    }

    fn read(&self, path: PathBuf, seed: u64) -> Result<LanguageModel, ModelError> {
        self.choose_precision();
        let device = &r1_model::device()?;
        match &self.lora {
            None => LanguageModel::load(path, device),
            Some(_) if path.join("adapter_config.json").exists() => Err(ModelError::Adapter {
                reason: format!(
                    "`{}` is an adapter already; leave `lora` out to train it on",
                    path.display()
                ),
            }),
            Some(lora) => LanguageModel::load_with_lora(path, lora, seed, device),
        }
    }
}
