//! What a step reports.

use std::collections::BTreeMap;

use r1_core::{FinishReason, Part};
use serde::{Serialize, Serializer};

use crate::{
    Group, GroupSignal, GrpoConfig, LossMetrics, Rollout, Tally, diagnosis, reflective_words,
    rollout::RolloutCost,
};

/// What one update did, under TRL's names. Equal runs have equal reports; wall-clock figures are in
/// [`StepTimings`](crate::StepTimings).
///
/// All is about the problems of this update, but `num_tokens`, which adds up over the run, and `ungradable`,
/// `dropped_groups` and `refill_rounds`, which the first update of a rollout reports. A field that has no value is left out.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct StepReport {
    /// Updates made, this one included.
    pub step: u64,
    /// The loss. At π_θ = π_old it is near 0 by construction, whatever is learned; look at `reward`.
    pub loss: f64,
    /// The surrogate's part of the loss.
    pub policy_loss: f64,
    /// Mean divergence from the reference over tokens, in nats.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kl: Option<f64>,
    /// Mean entropy over tokens, in nats.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entropy: Option<f64>,
    /// The greatest divergence of a token from the reference, in nats.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kl_max: Option<f64>,
    /// Mean divergence (`k3`) from the policy that sampled, in nats.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub old_kl: Option<f64>,
    /// Mean importance ratio.
    #[serde(rename = "ratio/mean", skip_serializing_if = "Option::is_none")]
    pub ratio_mean: Option<f64>,
    /// The least importance ratio.
    #[serde(rename = "ratio/min", skip_serializing_if = "Option::is_none")]
    pub ratio_min: Option<f64>,
    /// The greatest importance ratio.
    #[serde(rename = "ratio/max", skip_serializing_if = "Option::is_none")]
    pub ratio_max: Option<f64>,
    /// Weight of the entropy bonus in this update, if it is adaptive.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entropy_coef: Option<f32>,
    /// Norm of the gradient before it is clipped.
    pub grad_norm: f64,
    /// The learning rate of this update.
    pub learning_rate: f64,
    /// Tokens of all completions sampled so far and of their prompts.
    pub num_tokens: u64,
    /// Mean reward over completions, without those on which every reward abstained.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reward: Option<f64>,
    /// Standard deviation (n − 1) of the rewards of a group, averaged over groups.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reward_std: Option<f64>,
    /// Share of groups that teach nothing: all rewards equal, or fewer than two.
    pub frac_reward_zero_std: f64,
    /// Mean and deviation of each term of the reward, as `rewards/{name}/mean` and `rewards/{name}/std`.
    #[serde(flatten, serialize_with = "flatten_terms")]
    pub rewards: BTreeMap<String, TermStatistics>,
    /// Share of completions whose term [`GrpoConfig::pass_term`] is 1 or more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pass_at_1: Option<f64>,
    /// Groups whose rewards differ.
    pub effective_groups: usize,
    /// Problems that were dropped because their reference cannot be graded.
    pub ungradable: usize,
    /// Problems that were left out because their prompts do not fit the model.
    #[serde(skip_serializing_if = "is_zero")]
    pub long_prompts: usize,
    /// Groups that were dropped because the weights that wrote them are too old.
    #[serde(skip_serializing_if = "is_zero")]
    pub stale_groups: usize,
    /// Groups without signal that dynamic sampling dropped.
    pub dropped_groups: usize,
    /// How often dynamic sampling drew further problems.
    pub refill_rounds: usize,
    /// Why the step taught nothing, if it did not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub diagnosis: Option<String>,
    /// [Reflective words](crate::REFLECTIVE_WORDS), mean over completions.
    pub reflective_words: f64,
    /// Completions on which every reward abstained.
    pub abstained: usize,
    /// Completions whose loss was computed: without those that are masked, or skipped for want of an advantage.
    pub trained_completions: u64,
    /// Mean length of completions in tokens.
    #[serde(rename = "completions/mean_length")]
    pub mean_length: f64,
    /// Length of the shortest completion.
    #[serde(rename = "completions/min_length")]
    pub min_length: u64,
    /// Length of the longest completion.
    #[serde(rename = "completions/max_length")]
    pub max_length: u64,
    /// Share of completions that did not end by themselves: cut off by the limit of tokens, or in a loop.
    #[serde(rename = "completions/clipped_ratio")]
    pub clipped_ratio: f64,
    /// Share of completions that were ended because they were caught in a loop, if the sampling has a guard.
    #[serde(rename = "completions/looping_ratio", skip_serializing_if = "Option::is_none")]
    pub looping_ratio: Option<f64>,
    /// Mean length of the completions that ended by themselves.
    #[serde(rename = "completions/mean_terminated_length", skip_serializing_if = "Option::is_none")]
    pub mean_terminated_length: Option<f64>,
    /// Mean length of the completions whose pass term is 1 or more.
    #[serde(rename = "completions/mean_length_right", skip_serializing_if = "Option::is_none")]
    pub mean_length_right: Option<f64>,
    /// Mean length of the other graded completions.
    #[serde(rename = "completions/mean_length_wrong", skip_serializing_if = "Option::is_none")]
    pub mean_length_wrong: Option<f64>,
    /// Limit of tokens of a completion.
    #[serde(rename = "completions/max_tokens")]
    pub max_tokens: usize,
    /// Share of ratios clipped below, with a negative advantage.
    #[serde(rename = "clip_ratio/low_mean", skip_serializing_if = "Option::is_none")]
    pub clip_low_mean: Option<f64>,
    /// The least such share of a completion.
    #[serde(rename = "clip_ratio/low_min", skip_serializing_if = "Option::is_none")]
    pub clip_low_min: Option<f64>,
    /// Share of ratios clipped above, with a positive advantage.
    #[serde(rename = "clip_ratio/high_mean", skip_serializing_if = "Option::is_none")]
    pub clip_high_mean: Option<f64>,
    /// The greatest such share of a completion.
    #[serde(rename = "clip_ratio/high_max", skip_serializing_if = "Option::is_none")]
    pub clip_high_max: Option<f64>,
    /// Share of ratios clipped in either way.
    #[serde(rename = "clip_ratio/region_mean", skip_serializing_if = "Option::is_none")]
    pub clip_region_mean: Option<f64>,
    /// Mean distance of the sampler's log-probabilities from the trainer's, in nats.
    #[serde(rename = "sampling/sampling_logp_difference/mean", skip_serializing_if = "Option::is_none")]
    pub sampling_difference_mean: Option<f64>,
    /// The greatest such distance.
    #[serde(rename = "sampling/sampling_logp_difference/max", skip_serializing_if = "Option::is_none")]
    pub sampling_difference_max: Option<f64>,
    /// Mean weight that corrects this distance, if the objective has a correction.
    #[serde(rename = "sampling/importance_sampling_ratio/mean", skip_serializing_if = "Option::is_none")]
    pub correction_mean: Option<f64>,
    /// The least such weight.
    #[serde(rename = "sampling/importance_sampling_ratio/min", skip_serializing_if = "Option::is_none")]
    pub correction_min: Option<f64>,
    /// The greatest such weight.
    #[serde(rename = "sampling/importance_sampling_ratio/max", skip_serializing_if = "Option::is_none")]
    pub correction_max: Option<f64>,
}

/// Statistics of one term of the reward, over the completions on which it did not abstain.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct TermStatistics {
    /// The mean.
    pub mean: f64,
    /// Standard deviation (n − 1); 0 for a single completion.
    pub std: f64,
}

/// What the trainer knows of a step beside its groups.
pub(crate) struct StepFacts<'a> {
    pub(crate) step: u64,
    pub(crate) tokens: u64,
    pub(crate) learning_rate: f64,
    pub(crate) grad_norm: f64,
    pub(crate) metrics: &'a LossMetrics,
    pub(crate) mismatch: Tally,
    pub(crate) cost: RolloutCost,
    pub(crate) entropy_coef: Option<f32>,
    pub(crate) reward: &'a str,
}

impl StepReport {
    pub(crate) fn new(facts: StepFacts<'_>, groups: &[&Group], config: &GrpoConfig) -> Self {
        let StepFacts {
            step,
            tokens,
            learning_rate,
            grad_norm,
            metrics,
            mismatch,
            cost,
            entropy_coef,
            reward,
        } = facts;
        let rollouts: Vec<&Rollout> = groups.iter().flat_map(|group| &group.rollouts).collect();
        let mut lengths = Tally::default();
        let mut terminated = Tally::default();
        for rollout in &rollouts {
            let length = rollout.completion.ids.len() as f64;
            lengths.add(length);
            if !rollout.truncated() {
                terminated.add(length);
            }
        }
        let loops = |rollout: &&&Rollout| rollout.completion.finish == FinishReason::Loop;
        let looping = rollouts.iter().filter(loops).count();
        let rewards: Vec<f32> = rollouts.iter().filter_map(|rollout| rollout.reward).collect();
        let deviations: Vec<f32> = groups
            .iter()
            .filter_map(|group| statistics(&group.rewards().into_iter().flatten().collect::<Vec<_>>()))
            .map(|of_group| of_group.std as f32)
            .collect();
        let effective = groups.iter().filter(|group| group.signal() == GroupSignal::Mixed).count();
        let terms = terms(&rollouts, reward);
        let first = rollouts.first().and_then(|rollout| rollout.parts.first());
        let pass_term =
            config.pass_term.as_deref().or(first.map(|part| part.name.as_str())).unwrap_or(reward);
        let pass_at_1 = terms
            .get(pass_term)
            .map(|values| values.iter().filter(|&&value| value >= 1.0).count() as f64 / values.len() as f64);
        let (mut right, mut wrong, mut reflective) = (Tally::default(), Tally::default(), Tally::default());
        for rollout in &rollouts {
            reflective.add(reflective_words(&rollout.completion.text) as f64);
            let part = rollout.parts.iter().find(|part| part.name == pass_term);
            let passed = part.map_or(rollout.reward, |part| part.outcome.value());
            if let Some(value) = passed {
                let outcome = if value >= 1.0 { &mut right } else { &mut wrong };
                outcome.add(rollout.completion.ids.len() as f64);
            }
        }
        Self {
            step,
            loss: metrics.loss(),
            policy_loss: metrics.policy_loss,
            kl: metrics.kl.mean(),
            kl_max: metrics.kl.max,
            old_kl: metrics.old_kl.mean(),
            ratio_mean: metrics.ratio.mean(),
            ratio_min: metrics.ratio.min,
            ratio_max: metrics.ratio.max,
            entropy: metrics.entropy.mean(),
            entropy_coef,
            grad_norm,
            learning_rate,
            num_tokens: tokens,
            reward: statistics(&rewards).map(|of_all| of_all.mean),
            reward_std: statistics(&deviations).map(|of_groups| of_groups.mean),
            frac_reward_zero_std: share(groups.len() - effective, groups.len()),
            rewards: terms
                .iter()
                .filter_map(|(name, values)| Some(((*name).to_owned(), statistics(values)?)))
                .collect(),
            pass_at_1,
            effective_groups: effective,
            ungradable: cost.ungradable,
            long_prompts: cost.long_prompts,
            stale_groups: cost.stale_groups,
            dropped_groups: cost.dropped_groups,
            refill_rounds: cost.refill_rounds,
            diagnosis: diagnosis(groups),
            reflective_words: reflective.mean().unwrap_or_default(),
            abstained: rollouts.len() - rewards.len(),
            trained_completions: metrics.completions,
            mean_length: lengths.mean().unwrap_or_default(),
            min_length: lengths.min.unwrap_or_default() as u64,
            max_length: lengths.max.unwrap_or_default() as u64,
            looping_ratio: config.sampling.loop_guard.map(|_| share(looping, rollouts.len())),
            clipped_ratio: share(rollouts.len() - terminated.count as usize, rollouts.len()),
            mean_terminated_length: terminated.mean(),
            mean_length_right: right.mean(),
            mean_length_wrong: wrong.mean(),
            max_tokens: cost.max_tokens,
            clip_low_mean: metrics.clipped_low.fraction(),
            clip_low_min: metrics.clipped_low.by_completion.min,
            clip_high_mean: metrics.clipped_high.fraction(),
            clip_high_max: metrics.clipped_high.by_completion.max,
            clip_region_mean: metrics.clipped.fraction(),
            sampling_difference_mean: mismatch.mean(),
            sampling_difference_max: mismatch.max,
            correction_mean: metrics.correction.mean(),
            correction_min: metrics.correction.min,
            correction_max: metrics.correction.max,
        }
    }
}

/// The values of each term, without abstentions. A reward without parts is its own only term.
fn terms<'a>(rollouts: &[&'a Rollout], reward: &'a str) -> BTreeMap<&'a str, Vec<f32>> {
    let mut terms: BTreeMap<&str, Vec<f32>> = BTreeMap::new();
    for rollout in rollouts {
        if rollout.parts.is_empty() {
            terms.entry(reward).or_default().extend(rollout.reward);
        }
        for Part { name, outcome } in &rollout.parts {
            terms.entry(name).or_default().extend(outcome.value());
        }
    }
    terms.retain(|_, values| !values.is_empty());
    terms
}

/// Mean and sample deviation, if there are values.
fn statistics(values: &[f32]) -> Option<TermStatistics> {
    let count = values.len() as f64;
    if values.is_empty() {
        return None;
    }
    let mean = values.iter().map(|&value| f64::from(value)).sum::<f64>() / count;
    let squares: f64 = values.iter().map(|&value| (f64::from(value) - mean).powi(2)).sum();
    let std = if values.len() > 1 { (squares / (count - 1.0)).sqrt() } else { 0.0 };
    Some(TermStatistics { mean, std })
}

fn is_zero(count: &usize) -> bool {
    *count == 0
}

fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

fn flatten_terms<S: Serializer>(
    terms: &BTreeMap<String, TermStatistics>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let entries = terms.iter().flat_map(|(name, term)| {
        [(format!("rewards/{name}/mean"), term.mean), (format!("rewards/{name}/std"), term.std)]
    });
    serializer.collect_map(entries)
}
