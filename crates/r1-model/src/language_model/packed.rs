//! Models whose weights are in blocks.

use std::path::Path;

use burn::tensor::Device;

use super::LanguageModel;
use crate::{
    Architecture, ModelError, Parameters, Transformer,
    checkpoint::{GgufCheckpoint, Packing, load_packed_model},
};

/// Whether a path is that of a GGUF file.
pub(super) fn is_gguf(path: &Path) -> bool {
    path.is_file() && path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("gguf"))
}

impl LanguageModel {
    /// Reads a model's folder and packs its weight matrices, one at a time: less memory, faster generation, other
    /// numbers.
    ///
    /// ```no_run
    /// use r1_model::{LanguageModel, checkpoint::Packing};
    ///
    /// let model = LanguageModel::load_packed("checkpoints/qwen2.5-0.5b", Packing::Q8_0, &r1_model::device()?)?;
    /// assert!(model.is_packed());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`load`](Self::load), and [`ModelError::Pack`] when a weight does not fit the packing.
    pub fn load_packed(dir: impl AsRef<Path>, packing: Packing, device: &Device) -> Result<Self, ModelError> {
        let dir = dir.as_ref();
        if is_gguf(dir) {
            return Self::load_gguf(dir, device);
        }
        let (model, config) = load_packed_model::<Transformer>(dir, packing, device)?;
        let slots = Transformer::slots(&config);
        Ok(Self { packed: true, ..Self::assemble(model, config, slots, dir, device)? })
    }

    /// Reads a GGUF file.
    pub(super) fn load_gguf(path: &Path, device: &Device) -> Result<Self, ModelError> {
        let file = GgufCheckpoint::open(path)?;
        let config = file.config()?;
        let slots = Transformer::slots(&config);
        let tensors = file.tensors()?;
        tensors.check(&slots)?;
        let model =
            Parameters::load_from(&tensors, device, |parameters| Transformer::build(&config, parameters))?;
        // Tokenizer and template are read as from any folder.
        let failed = |source| ModelError::Write { path: std::env::temp_dir(), source };
        let dir = tempfile::tempdir().map_err(failed)?;
        file.write_companions(dir.path())?;
        Ok(Self { packed: true, ..Self::assemble(model, config, slots, dir.path(), device)? })
    }
}
