//! Models with an adapter.

use std::path::{Path, PathBuf};

use burn::tensor::Device;

use super::LanguageModel;
use crate::{
    Adapter, LoraConfig, ModelError, Transformer,
    adapter::{ADAPTER_CONFIG, PeftConfig},
    checkpoint::{AdapterSource, load_adapted},
};

/// Whether a folder holds an adapter and no weights of a whole model.
pub(super) fn is_adapter(dir: &Path) -> bool {
    let has = |name: &str| dir.join(name).exists();
    has(ADAPTER_CONFIG) && !has("model.safetensors") && !has("model.safetensors.index.json")
}

impl LanguageModel {
    /// Reads a model's folder, freezes it and puts a fresh adapter beside it, drawn with `seed`, that changes nothing yet.
    ///
    /// ```no_run
    /// use r1_model::{LanguageModel, LoraConfig};
    ///
    /// let lora = LoraConfig { rank: 32, ..LoraConfig::default() };
    /// let model = LanguageModel::load_with_lora("checkpoints/qwen2.5-0.5b", &lora, 0, &r1_model::device()?)?;
    /// assert!(model.trained_slots().len() < model.slots().len() * 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`load`](Self::load), and [`ModelError::Adapter`] when the settings make no adapter of this model.
    pub fn load_with_lora(
        dir: impl AsRef<Path>,
        lora: &LoraConfig,
        seed: u64,
        device: &Device,
    ) -> Result<Self, ModelError> {
        Self::adapted(dir.as_ref(), lora, AdapterSource::Seed(seed), device)
    }

    /// Reads an adapter's folder in PEFT's layout, with the base model of `base` or else the one that it names.
    ///
    /// # Errors
    /// Those of [`load`](Self::load), and [`ModelError::Adapter`] when there is no base or the adapter does not go with
    /// it.
    pub fn load_adapter(
        dir: impl AsRef<Path>,
        base: Option<&Path>,
        device: &Device,
    ) -> Result<Self, ModelError> {
        let dir = dir.as_ref();
        let peft = PeftConfig::read(dir)?;
        let base = match base {
            Some(base) => base.to_owned(),
            None => peft
                .base(dir)
                .map_err(|reason| ModelError::Config { path: dir.join(ADAPTER_CONFIG), reason })?,
        };
        let lora = LoraConfig::read(dir)?;
        Self::adapted(&base, &lora, AdapterSource::Folder(dir), device)
    }

    fn adapted(
        base: &Path,
        lora: &LoraConfig,
        source: AdapterSource<'_>,
        device: &Device,
    ) -> Result<Self, ModelError> {
        let (model, config, slots) = load_adapted::<Transformer>(base, lora, source, device)?;
        let base_slots = <Transformer as crate::Architecture>::slots(&config);
        let mut model = Self::assemble(model, config, base_slots, base, device)?;
        let absolute: PathBuf = std::path::absolute(base).unwrap_or_else(|_| base.to_owned());
        model.adapter = Some(Adapter { config: lora.clone(), base: absolute, slots });
        Ok(model)
    }
}
