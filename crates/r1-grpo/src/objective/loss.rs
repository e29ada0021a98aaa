//! The loss: from log-probabilities and advantages to one number.

use burn::tensor::{Bool, Tensor};

use crate::objective::metrics::TokenValues;
use crate::objective::ratio::{at_level, token_log_ratio};
use crate::objective::segment::{SegmentMap, host_tensor};
use crate::objective::surrogate::TokenInputs;
use crate::{
    GrpoInputs, GrpoLoss, KlInputs, Objective, PendingMetrics, ReductionInputs, kl_divergence,
    objective::{correction, mask},
    token_weights,
};

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
/// let gradient = logprobs.grad(&gradients).unwrap().into_data().try_to_vec::<f32>().unwrap();
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
    if objective.kl.importance_weighted {
        kl = kl.map(|kl| kl * ratio.clone());
    }
    let observed_kl = kl.clone().map(Tensor::detach);
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
