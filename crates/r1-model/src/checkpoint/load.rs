//! A model from a folder.

use std::{collections::BTreeMap, path::Path};

use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::{Device, Tensor, TensorData};

use super::{Packing, Slot, TensorFiles, folder, packing::Packed};
use crate::{
    Architecture, LoraConfig, ModelConfig, ModelError, Parameters, adapter, gradients::is_trained,
    parameters::AdapterValues,
};

/// Reads config and weights of a checkpoint folder. The weights become `f32`, which training needs, one parameter at
/// a time. The config is that of the model as loaded: where the folder stores an output matrix that differs from the
/// embedding, it says that the two are not tied.
///
/// # Errors
/// When a file is missing or damaged, the folder holds a model that r1 does not know, or a tensor is missing,
/// surplus, misshapen, of a type that cannot be weights or not finite.
pub fn load_model<M>(dir: &Path, device: &Device) -> Result<(M, ModelConfig), ModelError>
where
    M: Architecture<Config = ModelConfig>,
{
    let (tensors, config) = open::<M>(dir)?;
    Ok((M::load(&config, &tensors, device)?, config))
}

/// Reads config and weights of a checkpoint folder and packs the weight matrices, one at a time, for generation.
///
/// # Errors
/// Those of [`load_model`], and [`ModelError::Pack`] when a weight does not fit the packing.
pub fn load_packed_model<M>(
    dir: &Path,
    packing: Packing,
    device: &Device,
) -> Result<(M, ModelConfig), ModelError>
where
    M: Architecture<Config = ModelConfig>,
{
    let (tensors, config) = open::<M>(dir)?;
    let packed = Packed { tensors: &tensors, packing };
    let model = Parameters::load_from(&packed, device, |parameters| M::build(&config, parameters))?;
    Ok((model, config))
}

/// The tensors of a folder that hold what an architecture is made of, and its config.
pub(super) fn open<M>(dir: &Path) -> Result<(TensorFiles, ModelConfig), ModelError>
where
    M: Architecture<Config = ModelConfig>,
{
    folder::recognize(dir)?;
    let mut config = ModelConfig::read(&dir.join("config.json"))?;
    let mut tensors = TensorFiles::open(dir)?;
    tensors.settle(&mut config)?;
    config.left_aside = tensors.check(&M::slots(&config), &|name| config.leaves_aside(name))?;
    Ok((tensors, config))
}

/// Where the numbers of an adapter come from.
#[derive(Debug, Clone, Copy)]
pub enum AdapterSource<'a> {
    /// They are drawn with this seed.
    Seed(u64),
    /// They are in `adapter_model.safetensors` of this folder.
    Folder(&'a Path),
}

/// Reads a model as [`load_model`] does, frozen, with an adapter beside it. The last part of the answer are the adapter's
/// parameters.
///
/// # Errors
/// Those of [`load_model`], and when the adapter does not go with the model.
pub fn load_adapted<M>(
    dir: &Path,
    lora: &LoraConfig,
    source: AdapterSource<'_>,
    device: &Device,
) -> Result<(M, ModelConfig, Vec<Slot>), ModelError>
where
    M: Architecture<Config = ModelConfig>,
{
    let (tensors, config) = open::<M>(dir)?;
    let build = |parameters: &mut Parameters<'_>| M::build(&config, parameters);
    let slots = lora.slots(build).map_err(|reason| ModelError::Adapter { reason })?;
    let saved;
    let values = match source {
        AdapterSource::Seed(seed) => AdapterValues::Fresh(seed),
        AdapterSource::Folder(dir) => {
            saved = TensorFiles::open_file(dir.join(adapter::ADAPTER_WEIGHTS))?;
            saved.check(&slots, &|_| false)?;
            AdapterValues::Saved(&saved)
        }
    };
    let model = Parameters::load_adapted(&tensors, (lora, values), device, build)?;
    Ok((model, config, slots))
}

/// The same model with the values of other tensors; `slots` are the parameters that change, at least those that are
/// not frozen.
///
/// # Errors
/// Those of [`load_model`] that concern tensors.
pub(crate) fn reload<M: Module>(model: M, slots: &[Slot], tensors: TensorFiles) -> Result<M, ModelError> {
    struct Reader<'a> {
        path: Vec<String>,
        slots: BTreeMap<&'a str, &'a Slot>,
        tensors: TensorFiles,
        trouble: Option<ModelError>,
    }
    impl ModuleMapper for Reader<'_> {
        fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
            let path = self.path.join(".");
            if !self.slots.contains_key(path.as_str()) && !is_trained(&param) {
                return param;
            }
            let (id, old, mapper) = param.consume();
            let (shape, device) = (old.shape(), old.device());
            let values = match self.slots.get(path.as_str()) {
                Some(slot) if slot.count() == shape.num_elements() => self.tensors.values(slot),
                _ => Err(ModelError::MissingTensors { names: vec![path] }),
            };
            let tensor = match values {
                // The old values go before the new ones come to the device.
                Ok(values) => {
                    drop(old);
                    Tensor::from_data(TensorData::new(values, shape), &device)
                }
                Err(error) => {
                    self.trouble.get_or_insert(error);
                    old
                }
            };
            Param::from_mapped_value(id, tensor, mapper)
        }

        fn enter_module(&mut self, name: &str, _container: &str) {
            self.path.push(name.to_owned());
        }

        fn exit_module(&mut self, _name: &str, _container: &str) {
            self.path.pop();
        }
    }
    tensors.check(slots, &|_| false)?;
    let slots = slots.iter().map(|slot| (slot.path.as_str(), slot)).collect();
    let mut reader = Reader { path: Vec::new(), slots, tensors, trouble: None };
    let model = model.map(&mut reader);
    reader.trouble.map_or(Ok(model), Err)
}
