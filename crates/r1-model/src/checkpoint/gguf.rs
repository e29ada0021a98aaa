//! A checkpoint in one GGUF file.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::Arc,
};

use r1_gguf::{Gguf, GgufError, Weight};
use r1_quant::{BlockType, Matrix};

use super::{Part, Slot, TensorSource};
use crate::{ModelConfig, ModelError, kernels::PackedMatrix};

/// An opened GGUF file.
#[derive(Debug)]
pub(crate) struct GgufCheckpoint {
    path: PathBuf,
    gguf: Gguf,
}

/// The tensors of a file, under Hugging Face's names.
pub(crate) struct GgufTensors<'a> {
    weights: BTreeMap<String, Weight<'a>>,
}

impl GgufCheckpoint {
    pub(crate) fn open(path: &Path) -> Result<Self, ModelError> {
        crate::config::check_regular(path)?;
        let gguf = Gguf::open(path).map_err(|source| ModelError::Gguf { path: path.to_owned(), source })?;
        Ok(Self { path: path.to_owned(), gguf })
    }

    fn failed(&self) -> impl Fn(GgufError) -> ModelError {
        |source| ModelError::Gguf { path: self.path.clone(), source }
    }

    /// The config of the model.
    pub(crate) fn config(&self) -> Result<ModelConfig, ModelError> {
        let config = self.gguf.config().map_err(self.failed())?;
        ModelConfig::parse(config.as_object().cloned().unwrap_or_default(), &self.path)
    }

    pub(crate) fn tensors(&self) -> Result<GgufTensors<'_>, ModelError> {
        let weights = self.gguf.weights().map_err(self.failed())?;
        let weights = weights.into_iter().map(|weight| (weight.name().to_owned(), weight)).collect();
        Ok(GgufTensors { weights })
    }

    /// Writes what a Hugging Face folder has beside config and weights.
    pub(crate) fn write_companions(&self, dir: &Path) -> Result<(), ModelError> {
        let files = [
            ("generation_config.json", self.gguf.generation_config().map_err(self.failed())?),
            ("tokenizer.json", self.gguf.tokenizer_json().map_err(self.failed())?),
            ("tokenizer_config.json", self.gguf.tokenizer_config().map_err(self.failed())?),
        ];
        for (name, value) in files {
            let path = dir.join(name);
            std::fs::write(&path, value.to_string()).map_err(|source| ModelError::Write { path, source })?;
        }
        Ok(())
    }
}

impl GgufTensors<'_> {
    /// Refuses a file that does not hold what the slots are made of.
    pub(crate) fn check(&self, slots: &[Slot]) -> Result<(), ModelError> {
        let parts = || slots.iter().flat_map(|slot| slot.parts.iter().map(move |part| (slot, part)));
        let wanted: BTreeSet<&str> = parts().map(|(_, part)| part.name.as_str()).collect();
        let lacks = |name: &&&str| !self.weights.contains_key(**name);
        let missing: Vec<String> = wanted.iter().filter(lacks).map(|name| (*name).into()).collect();
        if !missing.is_empty() {
            return Err(ModelError::MissingTensors { names: missing });
        }
        let surplus = self.weights.keys().filter(|name| !wanted.contains(name.as_str()));
        let surplus: Vec<String> = surplus.cloned().collect();
        if !surplus.is_empty() {
            return Err(ModelError::SurplusTensors { names: surplus });
        }
        for (slot, part) in parts() {
            let (found, expected) = (self.weights[&part.name].shape().to_vec(), slot.part_shape(part));
            if found != expected {
                return Err(ModelError::Shape { name: part.name.clone(), found, expected });
            }
        }
        Ok(())
    }

    /// The blocks of a part, its rows in the parameter's order: in the mapped file itself where they stand so there.
    fn blocks(&self, part: &Part, width: usize) -> Result<Matrix, ModelError> {
        let weight = &self.weights[&part.name];
        if let (Some((bytes, range)), None) = (weight.bytes_shared(), &part.order) {
            let matrix = Matrix::new(weight.block_type(), bytes, range.start, [part.rows, width]);
            return matrix.map_err(|source| ModelError::Pack { name: part.name.clone(), source });
        }
        let pack = |source| ModelError::Pack { name: part.name.clone(), source };
        let shape = [part.rows, width];
        let Some(blocks) = weight.blocks() else {
            // Rows that no blocks of the file hold are packed again.
            let mut values = vec![0.0; part.rows * width];
            self.read(part, &mut values)?;
            part.to_parameter(&mut values, width);
            let fits =
                width.is_multiple_of(BlockType::Q8_0.block_len()) && weight.block_type().block_len() > 1;
            let block_type = if fits { BlockType::Q8_0 } else { BlockType::F32 };
            return Matrix::encode(block_type, &values, shape).map_err(pack);
        };
        let bytes = match &part.order {
            Some(order) => {
                let row = blocks.len() / part.rows;
                order.iter().flat_map(|from| &blocks[from * row..][..row]).copied().collect()
            }
            None => blocks.into_owned(),
        };
        Matrix::new(weight.block_type(), Arc::new(bytes), 0, shape).map_err(pack)
    }
}

impl TensorSource for GgufTensors<'_> {
    fn read(&self, part: &Part, values: &mut [f32]) -> Result<(), ModelError> {
        let mut decoded = Vec::new();
        self.weights[&part.name].to_f32(&mut decoded);
        values.copy_from_slice(&decoded);
        if values.iter().all(|value| value.is_finite()) {
            Ok(())
        } else {
            Err(ModelError::NotFinite { name: part.name.clone() })
        }
    }

    fn packed(&self, slot: &Slot) -> Result<Option<PackedMatrix>, ModelError> {
        let in_f32 = |part: &Part| self.weights[&part.name].block_type() == BlockType::F32;
        if slot.parts.iter().all(in_f32) {
            return Ok(None);
        }
        let matrices: Result<Vec<Matrix>, ModelError> =
            slot.parts.iter().map(|part| self.blocks(part, slot.width())).collect();
        Ok(Some(PackedMatrix::new(matrices?)))
    }
}
