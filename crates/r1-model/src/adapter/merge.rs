//! An adapter's addition to the tensors of its base.

use std::collections::{BTreeMap, HashMap};

use burn::tensor::Tensor;

use super::{LoraConfig, peft::PREFIX};
use crate::checkpoint::{Part, Slot};

/// What an adapter adds to each tensor of the checkpoint that it changes: `s B A`.
#[derive(Debug)]
pub(crate) struct Additions {
    scale: f64,
    /// `B` and `A` by the name of the tensor they add to.
    factors: HashMap<String, [Tensor<2>; 2]>,
}

impl Additions {
    /// Finds the factors of each adapted tensor among the parameters, flattened and by path.
    ///
    /// # Panics
    /// When a parameter of `slots` is not there.
    pub(crate) fn new(config: &LoraConfig, slots: &[Slot], handles: &BTreeMap<String, Tensor<1>>) -> Self {
        let mut matrices: HashMap<&str, Tensor<2>> = HashMap::new();
        for slot in slots {
            let (parameter, width) = (&handles[&slot.path], slot.width());
            let mut first = 0;
            for part in &slot.parts {
                let end = first + part.rows * width;
                matrices.insert(&part.name, parameter.clone().slice(first..end).reshape([part.rows, width]));
                first = end;
            }
        }
        let factors = matrices.keys().filter_map(|name| {
            let layer = name.strip_suffix(".lora_B.weight")?;
            let down = matrices.get(format!("{layer}.lora_A.weight").as_str())?;
            let tensor = format!("{}.weight", layer.strip_prefix(PREFIX)?);
            Some((tensor, [matrices[name].clone(), down.clone()]))
        });
        Self { scale: config.scale(), factors: factors.collect() }
    }

    /// The rows of `part` with what the adapter adds to them; both in the parameter's order.
    pub(crate) fn onto(&self, part: &Part, values: Tensor<1>) -> Tensor<1> {
        let Some([up, down]) = self.factors.get(&part.name) else { return values };
        let addition = up.clone().matmul(down.clone()).mul_scalar(self.scale);
        let count = values.dims()[0];
        values + addition.reshape([count])
    }
}
