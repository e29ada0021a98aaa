//! The optimizer's state on the disk.

use std::{collections::BTreeMap, path::Path};

use burn::tensor::{Device, Tensor, TensorData};
use r1_run::{RunError, checkpoint::damaged};

use r1_model::{
    checkpoint::{Slot, read_numbers, write_numbers},
    kernels::adamw_step::Moments,
};

use super::{AdamW, AdamWConfig};

impl AdamW {
    /// Writes both moments of every parameter that has any. How many [`steps`](Self::steps) were made is for the caller
    /// to keep.
    ///
    /// # Errors
    /// [`RunError::Write`] when the file cannot be written.
    pub fn save(&self, path: &Path) -> Result<(), RunError> {
        let values = |tensor: &Tensor<1>| {
            tensor.to_data().convert::<f32>().try_to_vec().expect("the data was converted to f32")
        };
        let mut tensors = BTreeMap::new();
        for (name, Moments { first, second }) in self.state().1 {
            tensors.insert(format!("first.{name}"), values(first));
            tensors.insert(format!("second.{name}"), values(second));
        }
        write_numbers(path, &tensors)
    }

    /// Goes on from what [`save`](Self::save) wrote, after so many steps. `slots` are the parameters of the model, and
    /// the moments are checked against them.
    ///
    /// # Errors
    /// [`RunError::Read`] when the file cannot be read, [`RunError::Checkpoint`] when it does not go with the model.
    pub fn load(
        path: &Path,
        config: AdamWConfig,
        steps: u64,
        slots: &[Slot],
        device: &Device,
    ) -> Result<Self, RunError> {
        let mut tensors = read_numbers(path)?;
        let mut moments = BTreeMap::new();
        for slot in slots {
            let taken = ["first", "second"].map(|moment| tensors.remove(&format!("{moment}.{}", slot.path)));
            let [Some(first), Some(second)] = taken else {
                if taken.iter().all(Option::is_none) {
                    continue;
                }
                return Err(damaged(path, format!("holds only one moment of `{}`", slot.path)));
            };
            let count: usize = slot.shape.iter().product();
            if first.len() != count || second.len() != count {
                return Err(damaged(path, format!("holds moments of another length for `{}`", slot.path)));
            }
            let tensor = |values| Tensor::from_data(TensorData::new(values, [count]), device);
            moments.insert(slot.path.clone(), Moments { first: tensor(first), second: tensor(second) });
        }
        match tensors.keys().min() {
            Some(name) => Err(damaged(path, format!("has `{name}`, which the model lacks"))),
            None => Ok(Self::from_state(config, steps, moments)),
        }
    }
}

#[cfg(all(test, feature = "flex"))]
mod tests {
    use super::*;

    fn slot(path: &str, count: usize) -> Slot {
        Slot { path: path.into(), shape: vec![count], parts: Vec::new() }
    }

    #[test]
    fn moments_come_back_and_foreign_ones_are_refused() {
        let (folder, device) = (tempfile::tempdir().unwrap(), Device::flex());
        let path = folder.path().join("optimizer.safetensors");
        let tensor = |values: [f32; 2]| Tensor::from_data(TensorData::from(values), &device);
        let moments = Moments { first: tensor([0.1, -0.2]), second: tensor([1e-9, 3.0]) };
        let saved = AdamW::from_state(AdamWConfig::default(), 3, [("a".to_owned(), moments)].into());
        saved.save(&path).unwrap();
        let load = |slots: &[Slot]| AdamW::load(&path, AdamWConfig::default(), 3, slots, &device);
        let loaded = load(&[slot("a", 2), slot("b", 1)]).unwrap();
        assert_eq!(loaded.steps(), 3);
        let bits = |optimizer: &AdamW| optimizer.state().1["a"].first.to_data().try_to_vec::<f32>().unwrap();
        assert_eq!(bits(&loaded), bits(&saved));
        let refusal = |slots: &[Slot]| load(slots).unwrap_err().to_string();
        assert!(refusal(&[slot("a", 3)]).contains("holds moments of another length for `a`"));
        assert!(refusal(&[slot("b", 2)]).contains("has `first.a`, which the model lacks"));
    }
}
