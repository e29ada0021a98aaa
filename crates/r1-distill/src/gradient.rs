//! The gradient of one update, micro-batch after micro-batch.

use burn::tensor::Tensor;
use r1_model::{CausalLm, GradientStore};
use r1_train::{MicroBatch, PassConfig, Recompute, Sequence, gradient_pass, token_scores};

use crate::{EncodedTrace, SftInputs, sft_loss};

/// Loss and gradient of an update. The model itself stays untracked.
pub(crate) struct SftPass {
    pub(crate) gradients: GradientStore,
    /// Mean negative log-likelihood in nats.
    pub(crate) loss: f64,
    /// Completion tokens.
    pub(crate) tokens: usize,
}

/// Computes the mean loss over the completion tokens of these traces, and its gradient.
pub(crate) fn sft_pass<M: CausalLm>(
    model: &M,
    traces: &[EncodedTrace],
    max_tokens: usize,
    recompute: Recompute,
) -> SftPass {
    let total_tokens = trained_tokens(traces);
    let mut loss = 0.0;
    let gradients = gradient_pass(
        model,
        &pack(traces, max_tokens),
        &PassConfig { recompute, ..PassConfig::default() },
        |_, scores| (sft_loss(SftInputs { logprobs: logprobs(scores), total_tokens }), ()),
        |_, of_batch, ()| loss += of_batch,
    );
    SftPass { gradients, loss, tokens: total_tokens }
}

/// The mean negative log-likelihood of the completion tokens of these traces, in nats, without a gradient.
pub(crate) fn mean_loss<M: CausalLm>(model: &M, traces: &[EncodedTrace], max_tokens: usize) -> f64 {
    let total_tokens = trained_tokens(traces);
    let losses = pack(traces, max_tokens).into_iter().map(|micro_batch| {
        let logprobs = logprobs(token_scores(model, &micro_batch, 1.0));
        let loss = sft_loss(SftInputs { logprobs, total_tokens }).into_data().convert::<f64>();
        loss.as_slice::<f64>().expect("the data was converted to f64")[0]
    });
    losses.sum()
}

/// Traces end to end, none of which sees another.
fn pack(traces: &[EncodedTrace], max_tokens: usize) -> Vec<MicroBatch> {
    let sequences: Vec<Sequence<'_>> =
        traces.iter().map(|trace| Sequence::answer(trace.prompt(), trace.completion())).collect();
    MicroBatch::pack(&sequences, max_tokens)
}

/// The first column of the scores.
fn logprobs(scores: Tensor<2>) -> Tensor<1> {
    let [tokens, _] = scores.dims();
    scores.slice([0..tokens, 0..1]).reshape([tokens])
}

fn trained_tokens(traces: &[EncodedTrace]) -> usize {
    traces.iter().map(|trace| trace.completion().len()).sum()
}

#[cfg(all(test, feature = "flex"))]
mod tests;
