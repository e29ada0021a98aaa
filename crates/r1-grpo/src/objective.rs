//! The objective: from log-probabilities and advantages to the loss.

use std::ops::Range;

use burn::tensor::{Bool, Tensor};
use serde::{Deserialize, Serialize};

use crate::metrics::TokenValues;
use crate::ratio::{at_level, token_log_ratio};
use crate::segment::{SegmentMap, assert_segments, host_tensor};
use crate::surrogate::TokenInputs;
use crate::{
    Correction, Kl, KlInputs, PendingMetrics, RatioLevel, Reduction, ReductionInputs, Surrogate, TopEntropy,
    correction, kl_divergence, mask, token_weights,
};

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

/// Loss of a micro-batch, as its share of the loss of the optimizer step.
///
/// ```text
/// loss = Σ_t weight_t · ( w_t · m_t · l(c_t, A_t) + β · kl_t ) − entropy_coef/T · Σ_t m_t · H_t
/// ```
///
/// The symbols are those of [`Objective`]. The divergence is neither masked nor corrected. The weights are computed
/// on the host from `segments` and `totals`, so every reduction costs one multiplication and one sum.
///
/// # Shapes
/// - output: `loss` `[1]`; shares of micro-batches add
///
/// # Gradients
/// Flow to `logprobs` and, through the bonus, to `entropy`. All else is constant.
///
/// # Panics
/// If there are no tokens, shapes differ, `segments` do not cover the tokens in order, a total that is needed is 0,
/// or a tensor is missing that the objective needs.
///
/// # Examples
/// ```
/// # use burn::tensor::{Device, Tensor};
/// # use r1_grpo::{GrpoInputs, Objective, StepTotals, grpo_loss};
/// let device = Device::flex().autodiff();
/// let logprobs = Tensor::<1>::from_floats([-1.0, -2.0, -0.5], &device).require_grad();
/// let output = grpo_loss(
///     GrpoInputs {
///         logprobs: logprobs.clone(),
///         old_logprobs: logprobs.clone().detach(),
///         reference_logprobs: Some(logprobs.clone().detach()),
///         sampled_logprobs: None,
///         advantages: Tensor::from_floats([1.0, 1.0, -1.0], &device),
///         entropy: None,
///         top_entropy: None,
///         segments: &[0..2, 2..3],
///         totals: StepTotals { completions: 2, tokens: 3, ..StepTotals::default() },
///     },
///     &Objective::r1(),
/// );
/// let gradients = output.loss.backward();
/// // On-policy the gradient is REINFORCE's: −A / (completions · length).
/// let gradient = logprobs.grad(&gradients).unwrap().into_data().to_vec::<f32>().unwrap();
/// assert_eq!(gradient, [-0.25, -0.25, 0.5]);
/// assert_eq!(output.metrics.read().clipped.fraction(), Some(0.0));
/// ```
///
/// # Source
/// DeepSeekMath (arXiv:2402.03300), eqs. (3) and (4); DeepSeek-R1 (arXiv:2501.12948v1), eqs. (1) and (2). The order
/// of masks and corrections is that of TRL 1.16.
pub fn grpo_loss(inputs: GrpoInputs<'_>, objective: &Objective) -> GrpoLoss {
    inputs.assert_complete(objective);
    let GrpoInputs { logprobs, segments, totals, .. } = inputs;
    let (device, dtype) = (logprobs.device(), logprobs.dtype());
    let map = SegmentMap::new(segments, &device, dtype);
    let old = inputs.old_logprobs.detach();
    let sampled = inputs.sampled_logprobs.unwrap_or_else(|| old.clone()).detach();
    let advantages = inputs.advantages.detach();
    let entropy_threshold = inputs.top_entropy.filter(|_| objective.top_entropy < 1.0);

    let log_ratio = token_log_ratio(logprobs.clone(), old.clone());
    let ratio = at_level(log_ratio.clone(), logprobs.clone(), objective.ratio, &map).exp();
    let correction =
        objective.correction.map(|settings| correction::weights(old, sampled.clone(), &map, &settings));

    // Masked tokens are filled, not multiplied by 0, which would keep an infinity.
    let surrogate = objective.surrogate.loss(TokenInputs {
        logprobs: logprobs.clone(),
        token_log_ratio: log_ratio.clone(),
        ratio: ratio.clone(),
        advantages: advantages.clone(),
        correction: correction.clone(),
        map: &map,
    });
    let mut policy = surrogate.loss;
    let mut dropped: Option<Tensor<1, Bool>> = None;
    if let Some(threshold) = objective.off_policy_threshold {
        let far = mask::off_policy(logprobs.clone(), sampled, advantages.clone(), &map, threshold);
        policy = policy.mask_fill(far.clone(), 0.0);
        dropped = Some(far);
    }
    let low_entropy = entropy_threshold
        .zip(inputs.entropy.clone())
        .map(|(top, entropy)| entropy.detach().lower_elem(top.threshold));
    if let Some(low) = &low_entropy {
        policy = policy.mask_fill(low.clone(), 0.0);
        dropped = Some(dropped.map_or_else(|| low.clone(), |far| far.bool_or(low.clone())));
    }
    if let Some(weights) = correction.clone().filter(|_| surrogate.vespo_weight.is_none()) {
        policy = policy * weights;
    }

    let mut kl = inputs.reference_logprobs.map(|reference_logprobs| {
        let inputs = KlInputs { logprobs: logprobs.clone(), reference_logprobs };
        kl_divergence(inputs, objective.kl.estimator)
    });
    let observed_kl = kl.clone().map(Tensor::detach);
    if objective.kl.importance_weighted {
        kl = kl.map(|kl| kl * ratio.clone());
    }
    let kl = kl.filter(|_| objective.kl.coef != 0.0);

    let weights = token_weights(ReductionInputs { segments, totals: &totals }, objective.reduction);
    let weight = host_tensor(weights.clone(), &device, dtype);
    let per_token = match &kl {
        Some(kl) => policy.clone() + kl.clone() * objective.kl.coef,
        None => policy.clone(),
    };
    let mut loss = (per_token * weight).sum();
    let mut entropy_weight = 0.0;
    if objective.entropy_coef != 0.0 {
        let entropy = inputs.entropy.clone().expect("checked by assert_complete");
        let count = entropy_threshold.map_or(totals.tokens, |top| top.tokens);
        assert!(
            count > 0,
            "tokens is 0; give its value for the whole optimizer step, the entropy bonus divides by it"
        );
        entropy_weight = f64::from(objective.entropy_coef) / count as f64;
        let kept = match low_entropy.clone() {
            Some(low) => entropy.mask_fill(low, 0.0),
            None => entropy,
        };
        loss = loss - kept.sum() * entropy_weight;
    }

    let values = TokenValues {
        ratio: ratio.detach(),
        token_log_ratio: log_ratio.detach(),
        advantages,
        policy_loss: policy.detach(),
        kept: dropped.map(|dropped| dropped.bool_not().float().cast(dtype)),
        high_entropy: low_entropy.map(|low| low.bool_not().float().cast(dtype)),
        kl: observed_kl,
        weighted_kl: kl.filter(|_| objective.kl.importance_weighted).map(Tensor::detach),
        entropy: inputs.entropy.map(Tensor::detach),
        correction,
        vespo_weight: surrogate.vespo_weight,
    };
    let metrics = PendingMetrics {
        values,
        segments: segments.to_vec(),
        weights,
        kl_coef: f64::from(objective.kl.coef),
        entropy_weight,
        level: objective.ratio,
        surrogate: objective.surrogate,
    };
    GrpoLoss { loss, metrics }
}

impl GrpoInputs<'_> {
    fn assert_complete(&self, objective: &Objective) {
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
