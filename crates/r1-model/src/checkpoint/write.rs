//! Writing a checkpoint.

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap},
    path::Path,
    sync::Mutex,
};

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::Tensor;
use half::{bf16, f16};
use safetensors::{Dtype, tensor::View};
use serde_json::{Map, json};

use super::{Part, Slot};
use crate::{ModelError, adapter::Additions};

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

    /// Whether a value would not be finite when it is read again.
    fn overflows(self, value: f32) -> bool {
        !value.is_finite()
            || match self {
                Self::F32 => false,
                Self::Bf16 => !bf16::from_f32(value).is_finite(),
                Self::F16 => value.abs() > 65504.0,
            }
    }

    fn bytes(self) -> usize {
        if self == Self::F32 { 4 } else { 2 }
    }
}

/// The parameters of a module by path, flattened: handles, no copies.
pub(crate) fn handles<M: Module>(model: &M) -> BTreeMap<String, Tensor<1>> {
    #[derive(Default)]
    struct Collector {
        path: Vec<String>,
        handles: BTreeMap<String, Tensor<1>>,
    }
    impl ModuleVisitor for Collector {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            let tensor = param.val().without_autodiff();
            let count = tensor.shape().num_elements();
            self.handles.insert(self.path.join("."), tensor.reshape([count]));
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
    collector.handles
}

fn host(tensor: Tensor<1>) -> Vec<f32> {
    tensor.into_data().convert::<f32>().try_to_vec().expect("the data was converted to f32")
}

/// The values of the parameters of a module that `slots` name, by path.
pub fn collect_weights<M: Module>(model: &M, slots: &[Slot]) -> BTreeMap<String, Vec<f32>> {
    let mut handles = handles(model);
    let named = slots.iter().filter_map(|slot| handles.remove_entry(&slot.path));
    named.map(|(path, tensor)| (path, host(tensor))).collect()
}

/// A tensor of the file, whose bytes are made when they are written.
struct Stored<'a> {
    part: &'a Part,
    shape: Vec<usize>,
    /// Its rows of the parameter.
    values: Tensor<1>,
    /// What an adapter adds to them.
    additions: Option<&'a Additions>,
    weight_type: WeightType,
    /// The first tensor with a value that the type cannot hold.
    trouble: &'a Mutex<Option<String>>,
}

impl View for &Stored<'_> {
    fn dtype(&self) -> Dtype {
        self.weight_type.dtype()
    }

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn data(&self) -> Cow<'_, [u8]> {
        let values = self.values.clone();
        let mut values = host(match self.additions {
            Some(additions) => additions.onto(self.part, values),
            None => values,
        });
        if values.iter().any(|value| self.weight_type.overflows(*value)) {
            let mut trouble = self.trouble.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
            trouble.get_or_insert_with(|| self.part.name.clone());
        }
        self.part.to_tensor(&mut values, self.shape[1..].iter().product());
        Cow::Owned(self.weight_type.encode(&values))
    }

    fn data_len(&self) -> usize {
        self.shape.iter().product::<usize>() * self.weight_type.bytes()
    }
}

/// How [`write_weights`] writes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Writing<'a> {
    /// What the file is called, without its ending.
    pub(crate) stem: &'a str,
    /// The type that weights are stored in.
    pub(crate) weight_type: WeightType,
    /// Most bytes of a file.
    pub(crate) max_shard_bytes: usize,
    /// What is added to the tensors.
    pub(crate) additions: Option<&'a Additions>,
}

/// Writes the parameters of `model` that `slots` name into `dir` as one file, or as shards with their index; one tensor at a time is in memory beside the model. The caller makes the folder's replacement atomic.
///
/// # Errors
/// When a file cannot be written, or a value is not finite in the type asked for.
///
/// # Panics
/// When the model lacks a slot.
pub(crate) fn write_weights<M: Module>(
    dir: &Path,
    model: &M,
    slots: &[Slot],
    writing: &Writing<'_>,
) -> Result<(), ModelError> {
    let Writing { stem, weight_type, max_shard_bytes, additions } = *writing;
    let (handles, trouble) = (handles(model), Mutex::new(None));
    let mut stored = Vec::new();
    for slot in slots {
        let (parameter, mut first) = (&handles[&slot.path], 0);
        for part in &slot.parts {
            let end = first + part.rows * slot.width();
            let (values, shape) = (parameter.clone().slice(first..end), slot.part_shape(part));
            stored.push(Stored { part, shape, values, additions, weight_type, trouble: &trouble });
            first = end;
        }
    }
    stored.sort_by(|a, b| a.part.name.cmp(&b.part.name));
    let shards = split(&stored, max_shard_bytes);
    let mut index = Map::new();
    for (number, shard) in shards.iter().enumerate() {
        let name = match shards.len() {
            1 => format!("{stem}.safetensors"),
            count => format!("{stem}-{:05}-of-{count:05}.safetensors", number + 1),
        };
        let path = dir.join(&name);
        index.extend(shard.iter().map(|tensor| (tensor.part.name.clone(), json!(name))));
        let metadata = HashMap::from([("format".to_owned(), "pt".to_owned())]);
        let views = shard.iter().map(|tensor| (tensor.part.name.clone(), tensor));
        safetensors::serialize_to_file(views, Some(metadata), &path).map_err(|error| ModelError::Write {
            path: path.clone(),
            source: std::io::Error::other(error.to_string()),
        })?;
        if let Some(name) = trouble.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).take() {
            return Err(ModelError::NotFinite { name });
        }
    }
    if shards.len() > 1 {
        let total: usize = stored.iter().map(|tensor| (&tensor).data_len()).sum();
        let path = dir.join(format!("{stem}.safetensors.index.json"));
        let text = json!({"metadata": {"total_size": total}, "weight_map": index}).to_string();
        std::fs::write(&path, text).map_err(|source| ModelError::Write { path, source })?;
    }
    Ok(())
}

/// Consecutive tensors of at most `max_bytes` together, at least one each.
fn split<'a, 'b>(tensors: &'a [Stored<'b>], max_bytes: usize) -> Vec<&'a [Stored<'b>]> {
    let (mut shards, mut first, mut size) = (Vec::new(), 0, 0);
    for (index, tensor) in tensors.iter().enumerate() {
        let bytes = tensor.data_len();
        if index > first && size + bytes > max_bytes {
            shards.push(&tensors[first..index]);
            (first, size) = (index, 0);
        }
        size += bytes;
    }
    shards.push(&tensors[first..]);
    shards
}
