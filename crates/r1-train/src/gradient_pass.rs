//! The gradient of one update, micro-batch after micro-batch.

use burn::tensor::Tensor;
use r1_model::{CausalLm, GradientStore};

use crate::{MicroBatch, Recompute, backward, score_rows};

/// Settings of a pass over the micro-batches of an update.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PassConfig {
    /// What the backward pass computes a second time.
    pub recompute: Recompute,
    /// What the logits are divided by.
    pub temperature: f64,
}

impl Default for PassConfig {
    /// Computes nothing twice, at temperature 1.
    fn default() -> Self {
        Self { recompute: Recompute::Nothing, temperature: 1.0 }
    }
}

/// Sums the gradients of the micro-batches of an update. The model itself stays untracked.
///
/// `loss` is given a micro-batch and the scores of its targets (`[tokens, 2]`, see
/// [`token_scores`](crate::token_scores())), and returns its share of the update's loss and whatever it observed;
/// `after` is given that again with the value of the loss, once the backward pass is done. A loss that needs the hidden
/// states themselves calls [`backward()`].
///
/// # Gradients
/// Flow into every parameter of the model that the losses depend on.
pub fn gradient_pass<M: CausalLm, T>(
    model: &M,
    micro_batches: &[MicroBatch],
    config: &PassConfig,
    mut loss: impl FnMut(&MicroBatch, Tensor<2>) -> (Tensor<1>, T),
    mut after: impl FnMut(&MicroBatch, f64, T),
) -> GradientStore {
    let mut gradients = GradientStore::new();
    for micro_batch in micro_batches {
        let mut observed = None;
        let value = backward(model, &micro_batch.batch, config.recompute, &mut gradients, |hidden, head| {
            let scores = score_rows(hidden, head, micro_batch, config.temperature);
            let (value, seen) = loss(micro_batch, scores);
            observed = Some(seen);
            value
        });
        let value = value.into_data().convert::<f64>();
        let value = value.as_slice::<f64>().expect("the data was converted to f64")[0];
        after(micro_batch, value, observed.expect("the loss was computed"));
    }
    gradients
}
