//! Log-probabilities and entropies of the targets of a micro-batch.

use burn::tensor::{Int, Tensor, TensorData};
use r1_model::{CausalLm, Head, kernels::token_logprobs};

use crate::MicroBatch;

/// Log-probability and entropy of each target of a micro-batch under a model.
///
/// # Shapes
/// - output: `[tokens, 2]`, log-probability and entropy of each of `targets` in nats, at this temperature
///
/// # Gradients
/// Flow into the weights of a model that is tracked.
pub fn token_scores<M: CausalLm>(model: &M, micro_batch: &MicroBatch, temperature: f64) -> Tensor<2> {
    score_rows(model.hidden(&micro_batch.batch), model.head(), micro_batch, temperature)
}

/// [`token_scores`] from the hidden states after the last block, `[tokens of the batch, d_model]`.
pub fn score_rows(hidden: Tensor<2>, head: Head, micro_batch: &MicroBatch, temperature: f64) -> Tensor<2> {
    let rows: Vec<i32> = micro_batch.rows.iter().map(|&row| row as i32).collect();
    let count = rows.len();
    let rows = Tensor::<1, Int>::from_data(TensorData::new(rows, [count]), &hidden.device());
    token_logprobs(head.normalize(hidden.select(0, rows)), head.weight, &micro_batch.targets, temperature)
}
