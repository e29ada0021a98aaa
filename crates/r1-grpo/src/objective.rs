//! The objective: from log-probabilities and advantages to the loss.

use std::ops::Range;

use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

use crate::{Correction, GrpoError, Kl, LossMetrics, PendingMetrics, RatioLevel, Reduction, Surrogate, TopEntropy};

/// Which objective is optimised: one choice for each part of the equation.
///
/// ```text
/// loss = Σ_t weight_t · ( w_t · m_t · l(c_t, A_t) + β · kl_t ) − entropy_coef · mean_t H_t
/// ```
///
/// Where:
/// - `c_t`: importance ratio ([`RatioLevel`])
/// - `l`: surrogate loss of a token ([`Surrogate`])
/// - `w_t`: correction of the mismatch between sampler and trainer ([`Correction`])
/// - `m_t`: 0 on tokens masked by `off_policy_threshold` or `top_entropy`, else 1
/// - `kl_t`: divergence from the reference ([`Kl`])
/// - `weight_t`: share of the token in the mean over the optimizer step ([`Reduction`])
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Objective {
    /// Over what the importance ratio is taken: a token or a completion.
    pub ratio: RatioLevel,
    /// What is optimised for a token, given its ratio and its advantage.
    pub surrogate: Surrogate,
    /// How tokens are averaged.
    pub reduction: Reduction,
    /// Divergence from the reference, as a part of the loss. Coefficient 0 turns it off.
    pub kl: Kl,
    /// Off-policy mask of DeepSeek-V3.2: a token with `A_t < 0` is masked when
    /// `mean_t log(π_old/π_θ)` of its completion is above this threshold.
    pub off_policy_threshold: Option<f32>,
    /// Fraction of the tokens, those of the highest entropy, on which the surrogate acts; 1 keeps all.
    pub top_entropy: f32,
    /// Weight of the entropy bonus; 0 turns it off.
    pub entropy_coef: f32,
    /// Correction of the mismatch between the sampler and the trainer, if any.
    pub correction: Option<Correction>,
}

/// What [`grpo_loss`] needs: packed tokens without padding, of one micro-batch.
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
    /// Micro-batches in the step. Used by [`Reduction::LocalTokenMean`] only.
    pub micro_batches: usize,
    /// Prompts in the step. Used by [`Reduction::PromptMean`] only.
    pub prompts: usize,
    /// For each of `segments`, the tokens of all completions of the same prompt in the step.
    /// Used by [`Reduction::PromptMean`] only.
    pub group_tokens: &'a [usize],
}

/// What [`grpo_loss`] gives back.
#[derive(Debug)]
pub struct GrpoLoss {
    /// This micro-batch's share of the loss of the step, `[1]`, with gradient. Shares add.
    pub loss: Tensor<1>,
    /// What was observed on the way. Read it after `loss.backward()`: reading waits for the device.
    pub metrics: PendingMetrics,
}

impl Objective {
    /// Checks that every number lies in its range.
    ///
    /// # Errors
    /// [`GrpoError::Setting`] names the first setting that does not.
    pub fn validate(&self) -> Result<(), GrpoError> {
        todo!()
    }
}

/// Loss of a micro-batch, as its share of the loss of the optimizer step.
pub fn grpo_loss(inputs: GrpoInputs<'_>, objective: &Objective) -> GrpoLoss {
    todo!("{inputs:?} {objective:?} {:?}", None::<LossMetrics>)
}
