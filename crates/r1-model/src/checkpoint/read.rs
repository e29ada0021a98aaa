//! Reading a checkpoint.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    fs::File,
    path::{Path, PathBuf},
};

use half::{bf16, f16};
use memmap2::Mmap;
use safetensors::{Dtype, SafeTensors, tensor::TensorView};

use super::Slot;
use crate::{ModelError, config};

/// Reads the parameters of all `slots` from the checkpoint folder `dir`, as `f32`.
///
/// With `tied`, a stored `lm_head.weight` is allowed and left aside, as Hugging Face does.
///
/// # Errors
/// When a file is missing or damaged, or a tensor is missing, surplus, misshapen, of a type that
/// cannot be weights, or holds a value that is not finite.
pub fn read_weights(dir: &Path, slots: &[Slot], tied: bool) -> Result<HashMap<String, Vec<f32>>, ModelError> {
    let files = files(dir)?
        .into_iter()
        .map(|path| open(&path).map(|map| (path, map)))
        .collect::<Result<Vec<_>, _>>()?;
    let mut tensors = BTreeMap::new();
    for (path, map) in &files {
        let damaged = |error: safetensors::SafeTensorError| ModelError::Damaged {
            path: path.clone(),
            reason: error.to_string(),
        };
        let parsed = SafeTensors::deserialize(map).map_err(damaged)?;
        for (name, view) in parsed.iter() {
            tensors.insert(name.to_owned(), view);
        }
    }
    check_names(&tensors, slots, tied)?;
    let mut weights = HashMap::new();
    for slot in slots {
        for part in &slot.parts {
            let (found, expected) = (tensors[&part.name].shape().to_vec(), slot.part_shape(part));
            if found != expected {
                return Err(ModelError::Shape { name: part.name.clone(), found, expected });
            }
        }
        // Only now are the sizes those of a file, and no more than a config says.
        let mut values = Vec::with_capacity(slot.shape.iter().product());
        for part in &slot.parts {
            convert(&part.name, &tensors[&part.name], &mut values)?;
        }
        weights.insert(slot.path.clone(), values);
    }
    Ok(weights)
}

/// `model.safetensors`, or the shards that `model.safetensors.index.json` names.
fn files(dir: &Path) -> Result<Vec<PathBuf>, ModelError> {
    let index = dir.join("model.safetensors.index.json");
    if !index.exists() {
        return Ok(vec![dir.join("model.safetensors")]);
    }
    let text =
        std::fs::read_to_string(&index).map_err(|source| ModelError::Read { path: index.clone(), source })?;
    let broken = |reason: &str| ModelError::Damaged { path: index.clone(), reason: reason.to_owned() };
    let value: serde_json::Value = serde_json::from_str(&text).map_err(|error| broken(&error.to_string()))?;
    let map = value["weight_map"].as_object().ok_or_else(|| broken("`weight_map` is missing"))?;
    let mut names = Vec::new();
    for file in map.values() {
        let name = file
            .as_str()
            .filter(|name| !name.contains(['/', '\\']))
            .ok_or_else(|| broken("`weight_map` must map tensor names to files of the same folder"))?;
        names.push(dir.join(name));
    }
    names.sort();
    names.dedup();
    Ok(names)
}

fn open(path: &Path) -> Result<Mmap, ModelError> {
    let read = |source| ModelError::Read { path: path.to_owned(), source };
    config::check_regular(path)?;
    let file = File::open(path).map_err(read)?;
    // SAFETY: the map is only read, and copied before this function's caller returns; a file that
    // another process truncates meanwhile is the one case the system cannot rule out.
    unsafe { Mmap::map(&file) }.map_err(read)
}

fn check_names(tensors: &BTreeMap<String, TensorView>, slots: &[Slot], tied: bool) -> Result<(), ModelError> {
    let wanted: HashSet<&str> =
        slots.iter().flat_map(|slot| &slot.parts).map(|part| part.name.as_str()).collect();
    let mut missing: Vec<String> =
        wanted.iter().filter(|name| !tensors.contains_key(**name)).map(|name| (*name).to_owned()).collect();
    if !missing.is_empty() {
        missing.sort();
        return Err(ModelError::MissingTensors { names: missing });
    }
    // Old exports carry the rotary frequencies, which the config determines.
    let harmless = |name: &str| name.ends_with("rotary_emb.inv_freq") || (tied && name == "lm_head.weight");
    let surplus: Vec<String> =
        tensors.keys().filter(|name| !wanted.contains(name.as_str()) && !harmless(name)).cloned().collect();
    if surplus.is_empty() { Ok(()) } else { Err(ModelError::SurplusTensors { names: surplus }) }
}

/// Appends the tensor's values as `f32`.
fn convert(name: &str, view: &TensorView, values: &mut Vec<f32>) -> Result<(), ModelError> {
    let first = values.len();
    let data = view.data();
    match view.dtype() {
        Dtype::F32 => {
            values.extend(data.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])))
        }
        Dtype::BF16 => {
            values.extend(data.chunks_exact(2).map(|b| bf16::from_le_bytes([b[0], b[1]]).to_f32()))
        }
        Dtype::F16 => values.extend(data.chunks_exact(2).map(|b| f16::from_le_bytes([b[0], b[1]]).to_f32())),
        other => return Err(ModelError::DataType { name: name.to_owned(), dtype: format!("{other:?}") }),
    }
    if values[first..].iter().all(|value| value.is_finite()) {
        Ok(())
    } else {
        Err(ModelError::NotFinite { name: name.to_owned() })
    }
}
