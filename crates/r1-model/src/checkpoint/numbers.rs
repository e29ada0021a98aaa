//! Numbers of a model by parameter path, in safetensors: what a training checkpoint holds beside the weights in Hugging
//! Face layout.

use std::{
    collections::{BTreeMap, HashMap},
    path::Path,
};

use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::{Tensor, TensorData};
use r1_run::{RunError, checkpoint::damaged};
use safetensors::{Dtype, SafeTensors, tensor::TensorView};

use crate::gradients::is_trained;

/// Writes flattened tensors.
///
/// # Errors
/// [`RunError::Write`] when the file cannot be written.
pub fn write_numbers(path: &Path, tensors: &BTreeMap<String, Vec<f32>>) -> Result<(), RunError> {
    let bytes: Vec<(&String, Vec<u8>)> = tensors
        .iter()
        .map(|(name, values)| (name, values.iter().flat_map(|value| value.to_le_bytes()).collect()))
        .collect();
    let views = bytes.iter().map(|(name, bytes)| {
        let view = TensorView::new(Dtype::F32, vec![bytes.len() / 4], bytes);
        (*name, view.expect("the shape is that of the bytes"))
    });
    let file = safetensors::serialize(views, None).map_err(|error| damaged(path, error.to_string()))?;
    std::fs::write(path, &file).map_err(|source| RunError::Write { path: path.to_owned(), source })
}

/// Reads what [`write_numbers`] wrote.
///
/// # Errors
/// [`RunError::Read`] when the file cannot be read, [`RunError::Checkpoint`] when it is damaged.
pub fn read_numbers(path: &Path) -> Result<HashMap<String, Vec<f32>>, RunError> {
    let bytes = std::fs::read(path).map_err(|source| RunError::Read { path: path.to_owned(), source })?;
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

/// The same module with other values in every parameter; what is frozen may be left out. `file` is where they come from, for the error.
///
/// # Errors
/// [`RunError::Checkpoint`] when a parameter has no values or another number of them, or values are left over.
pub fn filled<M: Module>(module: M, values: HashMap<String, Vec<f32>>, file: &Path) -> Result<M, RunError> {
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
        if !self.values.contains_key(&path) && !is_trained(&param) {
            return param;
        }
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
