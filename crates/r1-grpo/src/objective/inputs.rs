//! What the loss needs, and what it gives back.

use std::ops::Range;

use burn::tensor::Tensor;

use crate::objective::segment::assert_segments;
use crate::{Objective, PendingMetrics, TopEntropy};

/// What [`grpo_loss`](crate::grpo_loss) needs: packed tokens without padding, of one micro-batch.
///
/// Only tokens that the policy wrote are given; the caller leaves out prompts and, in dialogues with tools,
/// the tools' output.
#[derive(Clone, Debug)]
pub struct GrpoInputs<'a> {
    /// log π_θ of each token in nats, `[tokens]`, with gradient.
    pub logprobs: Tensor<1>,
    /// log π_old of each token in nats, `[tokens]`, constant. Strictly on-policy: `logprobs.clone().detach()`.
    pub old_logprobs: Tensor<1>,
    /// log π_ref of each token in nats, `[tokens]`, constant. Needed if `kl.coef` is not 0.
    pub reference_logprobs: Option<Tensor<1>>,
    /// Log-probabilities the sampler itself reported, `[tokens]`, constant. `None` when they are `old_logprobs`.
    pub sampled_logprobs: Option<Tensor<1>>,
    /// Advantage of each token, `[tokens]`, constant. See [`per_token`](crate::per_token).
    pub advantages: Tensor<1>,
    /// Entropy of π_θ at each token in nats, `[tokens]`. Needed for `top_entropy < 1` and, with gradient, for
    /// `entropy_coef > 0`; else only reported.
    pub entropy: Option<Tensor<1>>,
    /// Which tokens have high entropy, decided over the whole optimizer step. Needed if `top_entropy < 1`.
    pub top_entropy: Option<TopEntropy>,
    /// Range of tokens of each completion, in order; together they are `0..tokens`.
    pub segments: &'a [Range<usize>],
    /// Sizes of the whole optimizer step, of which this is one micro-batch.
    pub totals: StepTotals<'a>,
}

/// Sizes of a whole optimizer step: the normalisers of the mean.
///
/// They are global, so that losses of micro-batches *add*: however a step is split, the sum of the losses and
/// of the gradients is the same.
#[derive(Clone, Copy, Debug, Default)]
pub struct StepTotals<'a> {
    /// Completions in the step (those masked as truncated may be counted or not, as the recipe says).
    pub completions: usize,
    /// Completion tokens in the step.
    pub tokens: usize,
    /// Micro-batches in the step. Used by [`Reduction::LocalTokenMean`](crate::Reduction::LocalTokenMean) only.
    pub micro_batches: usize,
    /// Prompts in the step. Used by [`Reduction::PromptMean`](crate::Reduction::PromptMean) only.
    pub prompts: usize,
    /// For each of `segments`, the tokens of all completions of the same prompt in the step.
    /// Used by [`Reduction::PromptMean`](crate::Reduction::PromptMean) only.
    pub group_tokens: &'a [usize],
}

/// What [`grpo_loss`](crate::grpo_loss) gives back.
#[derive(Debug)]
pub struct GrpoLoss {
    /// This micro-batch's share of the loss of the step, `[1]`, with gradient. Shares add.
    pub loss: Tensor<1>,
    /// What was observed on the way. Read it after `loss.backward()`: reading waits for the device.
    pub metrics: PendingMetrics,
}

impl GrpoInputs<'_> {
    /// Panics, naming what is missing or does not fit.
    pub(crate) fn assert_complete(&self, objective: &Objective) {
        let [tokens] = self.logprobs.dims();
        assert!(tokens > 0, "there are no tokens; leave empty micro-batches out");
        assert_segments(self.segments, tokens);
        let given = [
            ("old_logprobs", Some(&self.old_logprobs)),
            ("reference_logprobs", self.reference_logprobs.as_ref()),
            ("sampled_logprobs", self.sampled_logprobs.as_ref()),
            ("advantages", Some(&self.advantages)),
            ("entropy", self.entropy.as_ref()),
        ];
        for (name, tensor) in given {
            if let Some(tensor) = tensor {
                let [length] = tensor.dims();
                assert!(
                    length == tokens,
                    "{name} has {length} tokens and logprobs {tokens}; they must be the same tokens"
                );
            }
        }
        assert!(
            objective.kl.coef == 0.0 || self.reference_logprobs.is_some(),
            "reference_logprobs is missing; give it or set kl.coef to 0"
        );
        assert!(
            objective.entropy_coef == 0.0 || self.entropy.is_some(),
            "entropy is missing; give it or set entropy_coef to 0"
        );
        assert!(
            objective.top_entropy >= 1.0 || (self.entropy.is_some() && self.top_entropy.is_some()),
            "entropy or its threshold is missing; give `entropy` and `top_entropy` or set top_entropy to 1"
        );
    }
}
