//! Writing a model's folder, and going back to one.

use std::path::Path;

use super::LanguageModel;
use crate::{
    CausalLm, ModelError,
    adapter::{ADAPTER_CONFIG, ADAPTER_WEIGHTS, Additions, PeftConfig},
    checkpoint::{TensorFiles, WeightType, Writing, handles, reload, write_weights},
};

/// Shards larger than this are divided, as transformers does.
const MAX_SHARD_BYTES: usize = 5 << 30;

impl<M: CausalLm> LanguageModel<M> {
    /// Writes the folder that [`load`](LanguageModel::load) reads, whole or not at all: what stood
    /// there before is replaced only when everything is written. Of a model with an adapter that is the adapter, as PEFT
    /// reads it, with the tokenizer.
    ///
    /// # Errors
    /// When a file cannot be written, or a weight is not finite.
    pub fn save(&self, dir: impl AsRef<Path>, weight_type: WeightType) -> Result<(), ModelError> {
        self.save_sharded(dir, weight_type, MAX_SHARD_BYTES)
    }

    /// [`save`](Self::save) with weights in files of at most `max_shard_bytes`, and their index if there is more
    /// than one. A tensor that is larger has a file of its own. An adapter is one file always.
    ///
    /// # Errors
    /// Those of [`save`](Self::save).
    pub fn save_sharded(
        &self,
        dir: impl AsRef<Path>,
        weight_type: WeightType,
        max_shard_bytes: usize,
    ) -> Result<(), ModelError> {
        if self.packed {
            return Err(ModelError::Packed { wanted: "saving" });
        }
        let Some(adapter) = &self.adapter else {
            return self.save_whole(dir.as_ref(), weight_type, max_shard_bytes, None);
        };
        r1_run::atomic::write_folder(dir.as_ref(), |dir| {
            let stem = ADAPTER_WEIGHTS.trim_end_matches(".safetensors");
            let writing = Writing { stem, weight_type, max_shard_bytes: usize::MAX, additions: None };
            write_weights(dir, &self.model, &adapter.slots, &writing)?;
            let config = PeftConfig::new(adapter);
            self.write_companions(dir, (ADAPTER_CONFIG, config.to_text()))
        })
    }

    /// Writes the whole model, with what its adapter adds if it has one: `W + s B A`, one tensor at a time.
    ///
    /// # Errors
    /// Those of [`save`](Self::save).
    pub fn save_merged(
        &self,
        dir: impl AsRef<Path>,
        weight_type: WeightType,
        max_shard_bytes: usize,
    ) -> Result<(), ModelError> {
        let additions = self
            .adapter
            .as_ref()
            .map(|adapter| Additions::new(&adapter.config, &adapter.slots, &handles(&self.model)));
        self.save_whole(dir.as_ref(), weight_type, max_shard_bytes, additions.as_ref())
    }

    fn save_whole(
        &self,
        dir: &Path,
        weight_type: WeightType,
        max_shard_bytes: usize,
        additions: Option<&Additions>,
    ) -> Result<(), ModelError> {
        if self.packed {
            return Err(ModelError::Packed { wanted: "saving" });
        }
        r1_run::atomic::write_folder(dir, |dir| {
            let writing = Writing { stem: "model", weight_type, max_shard_bytes, additions };
            write_weights(dir, &self.model, &self.slots, &writing)?;
            let mut raw = self.config.raw.clone();
            raw.remove("torch_dtype");
            raw.insert("dtype".into(), weight_type.name().into());
            let text = serde_json::Value::Object(raw);
            self.write_companions(dir, ("config.json", format!("{text:#}\n")))
        })
    }

    /// Writes a file and those that travel with the weights.
    fn write_companions(&self, dir: &Path, (name, text): (&str, String)) -> Result<(), ModelError> {
        let own = (name.to_owned(), text.into_bytes());
        for (name, bytes) in std::iter::once(&own).chain(&self.companions) {
            let path = dir.join(name);
            std::fs::write(&path, bytes).map_err(|source| ModelError::Write { path, source })?;
        }
        Ok(())
    }

    /// The same model with the weights of a folder that it was [saved](Self::save) to: those of its adapter, if it has
    /// one.
    ///
    /// # Errors
    /// When a file is missing or damaged, or holds another model.
    pub fn reloaded(mut self, dir: &Path) -> Result<Self, ModelError> {
        let tensors = match &self.adapter {
            Some(_) => TensorFiles::open_file(dir.join(ADAPTER_WEIGHTS))?,
            None => TensorFiles::open(dir)?,
        };
        let slots = self.trained_slots().to_vec();
        self.forget_cast();
        self.model = reload(self.model, &slots, tensors)?;
        self.recast();
        Ok(self)
    }
}
