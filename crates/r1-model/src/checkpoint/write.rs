//! Writing a checkpoint.

use std::{collections::HashMap, path::Path};

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::Tensor;
use half::{bf16, f16};
use safetensors::{Dtype, tensor::TensorView};
use serde_json::{Map, json};

use super::Slot;
use crate::ModelError;

/// The type that weights are stored in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum WeightType {
    /// 32 bits: what training keeps, exactly.
    #[default]
    F32,
    /// The upper half of an f32.
    Bf16,
    /// IEEE half precision; values above 65504 become infinite and are refused.
    F16,
}

impl WeightType {
    /// Hugging Face's name, as in `"dtype": "bfloat16"`.
    pub fn name(self) -> &'static str {
        match self {
            Self::F32 => "float32",
            Self::Bf16 => "bfloat16",
            Self::F16 => "float16",
        }
    }

    fn encode(self, values: &[f32]) -> Vec<u8> {
        match self {
            Self::F32 => values.iter().flat_map(|value| value.to_le_bytes()).collect(),
            Self::Bf16 => values.iter().flat_map(|value| bf16::from_f32(*value).to_le_bytes()).collect(),
            Self::F16 => values.iter().flat_map(|value| f16::from_f32(*value).to_le_bytes()).collect(),
        }
    }

    fn dtype(self) -> Dtype {
        match self {
            Self::F32 => Dtype::F32,
            Self::Bf16 => Dtype::BF16,
            Self::F16 => Dtype::F16,
        }
    }
}

/// The values of every parameter of a module, by path.
pub fn collect_weights<M: Module>(model: &M) -> HashMap<String, Vec<f32>> {
    #[derive(Default)]
    struct Collector {
        path: Vec<String>,
        weights: HashMap<String, Vec<f32>>,
    }
    impl ModuleVisitor for Collector {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            let values = param.val().without_autodiff().into_data().convert::<f32>();
            let values = values.try_to_vec().expect("the data was converted to f32");
            self.weights.insert(self.path.join("."), values);
        }
        fn enter_module(&mut self, name: &str, _container: &str) {
            self.path.push(name.to_owned());
        }
        fn exit_module(&mut self, _name: &str, _container: &str) {
            self.path.pop();
        }
    }
    let mut collector = Collector::default();
    model.visit(&mut collector);
    collector.weights
}

/// Writes the parameters into `dir` as `model.safetensors`, or as shards of at most
/// `max_shard_bytes` with their index. The caller makes the folder's replacement atomic.
///
/// # Errors
/// When a file cannot be written, or a value is not finite in the type asked for.
///
/// # Panics
/// When `weights` lacks a slot.
pub fn write_weights(
    dir: &Path,
    slots: &[Slot],
    weights: &HashMap<String, Vec<f32>>,
    weight_type: WeightType,
    max_shard_bytes: usize,
) -> Result<(), ModelError> {
    let mut encoded = Vec::new();
    for slot in slots {
        let values = &weights[&slot.path];
        let width: usize = slot.shape[1..].iter().product();
        let mut first = 0;
        for part in &slot.parts {
            let part_values = &values[first * width..(first + part.rows) * width];
            first += part.rows;
            let overflows = |v: &f32| !v.is_finite() || (weight_type == WeightType::F16 && v.abs() > 65504.0);
            if part_values.iter().any(overflows) {
                return Err(ModelError::NotFinite { name: part.name.clone() });
            }
            encoded.push((part.name.clone(), slot.part_shape(part), weight_type.encode(part_values)));
        }
    }
    encoded.sort_by(|a, b| a.0.cmp(&b.0));
    let shards = split(&encoded, max_shard_bytes);
    let mut index = Map::new();
    for (number, shard) in shards.iter().enumerate() {
        let name = match shards.len() {
            1 => "model.safetensors".to_owned(),
            count => format!("model-{:05}-of-{count:05}.safetensors", number + 1),
        };
        let path = dir.join(&name);
        let failed =
            |reason: String| ModelError::Write { path: path.clone(), source: std::io::Error::other(reason) };
        let mut views = Vec::new();
        for (tensor, shape, bytes) in *shard {
            let view = TensorView::new(weight_type.dtype(), shape.clone(), bytes);
            views.push((tensor.clone(), view.map_err(|error| failed(error.to_string()))?));
            index.insert(tensor.clone(), json!(name));
        }
        let metadata = HashMap::from([("format".to_owned(), "pt".to_owned())]);
        safetensors::serialize_to_file(views, Some(metadata), &path)
            .map_err(|error| failed(error.to_string()))?;
    }
    if shards.len() > 1 {
        let total: usize = encoded.iter().map(|(_, _, bytes)| bytes.len()).sum();
        let path = dir.join("model.safetensors.index.json");
        let text = json!({"metadata": {"total_size": total}, "weight_map": index}).to_string();
        std::fs::write(&path, text).map_err(|source| ModelError::Write { path, source })?;
    }
    Ok(())
}

type Encoded = (String, Vec<usize>, Vec<u8>);

/// Consecutive tensors of at most `max_bytes` together, at least one each.
fn split(tensors: &[Encoded], max_bytes: usize) -> Vec<&[Encoded]> {
    let (mut shards, mut first, mut size) = (Vec::new(), 0, 0);
    for (index, (_, _, bytes)) in tensors.iter().enumerate() {
        if index > first && size + bytes.len() > max_bytes {
            shards.push(&tensors[first..index]);
            (first, size) = (index, 0);
        }
        size += bytes.len();
    }
    shards.push(&tensors[first..]);
    shards
}
