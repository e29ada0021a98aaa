//! The digests of an update.

use std::collections::BTreeMap;

use burn::tensor::{Tensor, TensorData};
use r1_model::{CausalLm, GradientStore, checkpoint::collect_weights, kernels::adamw_step::Moments};
use r1_train::Learner;
use serde::{Deserialize, Serialize};

use super::{GroupDigests, hash::Hasher};

/// One update in digests, as a line of `digests.jsonl`. Two updates with the same bits have the same digests.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UpdateDigests {
    /// Updates made, this one included.
    pub step: u64,
    /// The version of r1, and the device.
    pub made_with: String,
    /// What was trained on.
    pub groups: Vec<GroupDigests>,
    /// Bits of the loss.
    pub loss: String,
    /// The gradient of each parameter before it was clipped, by path.
    pub gradients: BTreeMap<String, String>,
    /// What training stood at after the update.
    pub state: StateDigests,
}

/// What is trained, and the optimizer's memory of it, in digests by the parameters' paths.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StateDigests {
    /// The weights.
    pub weights: BTreeMap<String, String>,
    /// Both moments of AdamW.
    pub moments: BTreeMap<String, String>,
}

pub(crate) fn of_gradients(gradients: &GradientStore) -> BTreeMap<String, String> {
    let digest = |path: &str| Some((path.to_owned(), of_tensors([gradients.get(path)?])));
    gradients.paths().filter_map(digest).collect()
}

pub(crate) fn of_learner<M: CausalLm>(learner: &Learner<M>) -> StateDigests {
    let model = learner.model();
    let weights = collect_weights(&model.model, model.trained_slots()).into_iter();
    let of_weights = |values: Vec<f32>| {
        let count = values.len();
        Hasher::default().bytes(TensorData::new(values, [count]).as_bytes()).finish()
    };
    let (_, moments) = learner.optimizer().state();
    let of_moments = |Moments { first, second }: &Moments| of_tensors([first, second]);
    StateDigests {
        weights: weights.map(|(path, values)| (path, of_weights(values))).collect(),
        moments: moments.iter().map(|(path, moments)| (path.clone(), of_moments(moments))).collect(),
    }
}

fn of_tensors<const N: usize>(tensors: [&Tensor<1>; N]) -> String {
    tensors.into_iter().fold(Hasher::default(), |hasher, tensor| hasher.tensor(tensor.clone())).finish()
}
