//! The gradient of one update, micro-batch after micro-batch.

use std::{ops::Range, sync::Arc};

use burn::tensor::{Int, Tensor, TensorData};
use r1_model::{
    CausalLm, GradientStore, Head, PackedBatch, kernels::token_logprobs, train, train::Recompute,
};

use crate::{EncodedTrace, SftInputs, sft_loss};

/// A part of an update that fits into memory: traces end to end, none of which sees another.
#[derive(Debug)]
pub(crate) struct MicroBatch {
    batch: PackedBatch,
    /// For each completion token, the packed token that predicts it.
    rows: Vec<i32>,
    targets: Arc<[u32]>,
}

impl MicroBatch {
    /// Packs traces in order into micro-batches of at most `max_tokens`; a longer trace goes alone.
    pub(crate) fn pack(traces: &[EncodedTrace], max_tokens: usize) -> Vec<Self> {
        let mut ranges: Vec<Range<usize>> = Vec::new();
        let mut tokens = 0;
        for (index, trace) in traces.iter().enumerate() {
            // The last token predicts nothing and is left out.
            let length = trace.ids().len() - 1;
            match ranges.last_mut() {
                Some(range) if tokens + length <= max_tokens => range.end = index + 1,
                _ => {
                    ranges.push(index..index + 1);
                    tokens = 0;
                }
            }
            tokens += length;
        }
        ranges.into_iter().map(|range| Self::of(&traces[range])).collect()
    }

    fn of(traces: &[EncodedTrace]) -> Self {
        let (mut batch, mut rows, mut targets) = (PackedBatch::new(), Vec::new(), Vec::new());
        for trace in traces {
            let (_, inputs) = trace.ids().split_last().expect("a trace has a prompt and a completion");
            let first = batch.len() + trace.prompt_tokens() - 1;
            batch.push(inputs, None);
            rows.extend((first..batch.len()).map(|row| row as i32));
            targets.extend_from_slice(trace.completion());
        }
        Self { batch, rows, targets: targets.into() }
    }

    /// `log π_θ` of the completion tokens, from the hidden states after the last block.
    fn logprobs(&self, hidden: Tensor<2>, head: Head) -> Tensor<1> {
        let count = self.rows.len();
        let rows = Tensor::<1, Int>::from_data(TensorData::new(self.rows.clone(), [count]), &hidden.device());
        let scores = token_logprobs(head.normalize(hidden.select(0, rows)), head.weight, &self.targets, 1.0);
        scores.slice([0..count, 0..1]).reshape([count])
    }
}

/// Loss and gradient of an update. The model itself stays untracked.
pub(crate) struct GradientPass {
    pub(crate) gradients: GradientStore,
    /// Mean negative log-likelihood in nats.
    pub(crate) loss: f64,
    /// Completion tokens.
    pub(crate) tokens: usize,
}

/// Computes the mean loss over the completion tokens of these traces, and its gradient.
pub(crate) fn gradient_pass<M: CausalLm>(
    model: &M,
    traces: &[EncodedTrace],
    max_tokens: usize,
    recompute: Recompute,
) -> GradientPass {
    let total_tokens = trained_tokens(traces);
    let mut pass = GradientPass { gradients: GradientStore::new(), loss: 0.0, tokens: total_tokens };
    for micro_batch in MicroBatch::pack(traces, max_tokens) {
        let loss =
            train::backward(model, &micro_batch.batch, recompute, &mut pass.gradients, |hidden, head| {
                sft_loss(SftInputs { logprobs: micro_batch.logprobs(hidden, head), total_tokens })
            });
        pass.loss += value(loss);
    }
    pass
}

/// The mean negative log-likelihood of the completion tokens of these traces, in nats, without a gradient.
pub(crate) fn mean_loss<M: CausalLm>(model: &M, traces: &[EncodedTrace], max_tokens: usize) -> f64 {
    let total_tokens = trained_tokens(traces);
    let losses = MicroBatch::pack(traces, max_tokens).into_iter().map(|micro_batch| {
        let logprobs = micro_batch.logprobs(model.hidden(&micro_batch.batch), model.head());
        value(sft_loss(SftInputs { logprobs, total_tokens }))
    });
    losses.sum()
}

fn trained_tokens(traces: &[EncodedTrace]) -> usize {
    traces.iter().map(|trace| trace.completion().len()).sum()
}

fn value(loss: Tensor<1>) -> f64 {
    let data = loss.into_data().convert::<f64>();
    data.try_to_vec::<f64>().expect("the data was converted to f64")[0]
}

#[cfg(all(test, feature = "flex"))]
mod tests;
