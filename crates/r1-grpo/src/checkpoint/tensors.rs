//! Numbers of a model by parameter path, in safetensors.

use std::{
    collections::{BTreeMap, HashMap},
    path::Path,
};

use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::{Tensor, TensorData};
use safetensors::{Dtype, SafeTensors, tensor::TensorView};

use super::state::{damaged, write};
use crate::GrpoError;

/// Writes flattened tensors.
pub(crate) fn write_tensors(path: &Path, tensors: &BTreeMap<String, Vec<f32>>) -> Result<(), GrpoError> {
    let bytes: Vec<(&String, Vec<u8>)> = tensors
        .iter()
        .map(|(name, values)| (name, values.iter().flat_map(|value| value.to_le_bytes()).collect()))
        .collect();
    let views = bytes.iter().map(|(name, bytes)| {
        let view = TensorView::new(Dtype::F32, vec![bytes.len() / 4], bytes);
        (*name, view.expect("the shape is that of the bytes"))
    });
    let file = safetensors::serialize(views, None).map_err(|error| damaged(path, error.to_string()))?;
    write(path, &file)
}

/// Reads what [`write_tensors`] wrote.
pub(crate) fn read_tensors(path: &Path) -> Result<HashMap<String, Vec<f32>>, GrpoError> {
    let bytes =
        std::fs::read(path).map_err(|source| GrpoError::CheckpointRead { path: path.to_owned(), source })?;
    let file =
        SafeTensors::deserialize(&bytes).map_err(|error| damaged(path, format!("is damaged ({error})")))?;
    let mut tensors = HashMap::new();
    for (name, view) in file.iter() {
        if view.dtype() != Dtype::F32 {
            return Err(damaged(path, format!("holds `{name}` as {:?} instead of F32", view.dtype())));
        }
        let values = view.data().chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]));
        tensors.insert(name.to_owned(), values.collect());
    }
    Ok(tensors)
}

/// The same module with other values in every parameter. `file` is where they come from, for the error.
pub(crate) fn filled<M: Module>(
    module: M,
    values: HashMap<String, Vec<f32>>,
    file: &Path,
) -> Result<M, GrpoError> {
    let mut filler = Filler { path: Vec::new(), values, trouble: None };
    let module = module.map(&mut filler);
    let surplus = filler.values.keys().min().map(|name| format!("has `{name}`, which the model lacks"));
    match filler.trouble.or(surplus) {
        Some(trouble) => Err(damaged(file, trouble)),
        None => Ok(module),
    }
}

struct Filler {
    path: Vec<String>,
    values: HashMap<String, Vec<f32>>,
    trouble: Option<String>,
}

impl ModuleMapper for Filler {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let path = self.path.join(".");
        let (id, old, mapper) = param.consume();
        let (shape, device) = (old.shape(), old.device());
        let values = self.values.remove(&path).unwrap_or_default();
        if values.len() != shape.num_elements() {
            let (found, expected) = (values.len(), shape.num_elements());
            self.trouble.get_or_insert(format!("has {found} numbers for `{path}` instead of {expected}"));
            return Param::from_mapped_value(id, old, mapper);
        }
        Param::from_mapped_value(id, Tensor::from_data(TensorData::new(values, shape), &device), mapper)
    }

    fn enter_module(&mut self, name: &str, _container: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _name: &str, _container: &str) {
        self.path.pop();
    }
}
