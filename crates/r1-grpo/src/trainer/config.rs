//! Everything that is chosen before training starts.

use std::{collections::BTreeMap, path::PathBuf};

use r1_core::{Sampling, template::PromptTemplate};
use r1_model::checkpoint::Packing;
use r1_train::{AdamWConfig, Recompute, Schedule};
use serde::{Deserialize, Serialize};

use crate::{AdaptiveEntropy, AdvantageConfig, GrpoError, Objective};

/// Settings of a [`GrpoTrainer`](crate::GrpoTrainer).
///
/// A rollout asks `prompts_per_step · mini_batches_per_rollout` problems, `group_size` completions each, and serves
/// `mini_batches_per_rollout · inner_epochs` updates. In a file, fields that are left out have the values of
/// [`GrpoConfig::r1_zero`], and unknown fields are refused.
///
/// # Examples
/// ```
/// use r1_grpo::GrpoConfig;
///
/// let config = GrpoConfig::r1_zero().with_group_size(8).with_max_tokens(256);
/// assert!(config.validate().is_ok());
/// let error = config.with_group_size(1).validate().unwrap_err().to_string();
/// assert_eq!(error, "setting `group_size` is 1; it must be 2 or more, for a completion is compared with its group");
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GrpoConfig {
    /// Completions of each problem, the papers' `G`.
    pub group_size: usize,
    /// Problems of one optimizer update.
    pub prompts_per_step: usize,
    /// Into how many optimizer updates a rollout is split at random, by problems.
    pub mini_batches_per_rollout: usize,
    /// How often a rollout is gone through, the papers' `μ`.
    pub inner_epochs: usize,
    /// Learning rate, before the schedule.
    pub learning_rate: f64,
    /// How the learning rate changes from update to update.
    pub schedule: Schedule,
    /// Constants of AdamW.
    pub optimizer: AdamWConfig,
    /// The loss.
    pub objective: Objective,
    /// How rewards become advantages. A deviation over the batch is that over the whole rollout.
    pub advantage: AdvantageConfig,
    /// Weights of the terms of the reward, by name, for [GDPO](crate::gdpo_advantages); terms without a weight are left
    /// out, and `advantage` then gives deviation and epsilon only. `None` compares the rewards themselves.
    pub term_weights: Option<BTreeMap<String, f32>>,
    /// Dynamic sampling: how often, at most, groups without signal are replaced by those of further problems before
    /// training goes on with fewer. 0 keeps every group.
    pub refill_rounds: usize,
    /// Changes the weight of the entropy bonus from update to update; `objective.entropy_coef` is where it starts.
    pub adaptive_entropy: Option<AdaptiveEntropy>,
    /// How rollouts are sampled; the loss divides its logits by the same temperature.
    pub sampling: Sampling,
    /// What the policy's weights are packed in while it writes its rollouts: faster, but the tokens are drawn from a
    /// distribution that is a little off. The report has the difference, and
    /// [`Objective::correction`](crate::Objective) makes up for it. `None` writes with the weights themselves.
    pub rollout_weights: Option<Packing>,
    /// Other limits of tokens than that of `sampling` for rollouts that start later, in order.
    pub max_tokens_from: Vec<LengthStep>,
    /// What is put around a question.
    pub template: PromptTemplate,
    /// After how many updates the reference becomes the policy, counted when a rollout starts; `None` keeps the
    /// first policy. Without meaning if `objective.kl.coef` is 0.
    pub reference_refresh: Option<u64>,
    /// Leaves completions that the limit of tokens cut off out of the loss and of its normalisers. Their rewards
    /// still count in the group's mean.
    pub mask_truncated: bool,
    /// Does not compute completions of advantage 0 while nothing but the surrogate is in the loss: their gradient
    /// is 0. The step is the same, but entropy, clip shares and sampling differences in the report are then about
    /// the other completions only.
    pub skip_zero_advantage: bool,
    /// Seed of the rollouts and of the mini-batches.
    pub seed: u64,
    /// Most tokens in one forward and backward pass (a longer completion goes alone). It bounds memory, and does
    /// not change the result.
    pub tokens_per_micro_batch: usize,
    /// What the backward pass computes a second time to save memory. It does not change the result.
    pub recompute: Recompute,
    /// Whether a problem whose prompt does not fit the model's context is left out, and counted, or ends training.
    pub long_prompts: LongPrompts,
    /// How many updates the weights that wrote a group may lie behind the policy; `None` allows any number.
    pub max_staleness: Option<u64>,
    /// What happens to groups that are older.
    pub stale: Stale,
    /// The term of the reward that tells right from wrong, for `pass_at_1` in the report; `None` is the first.
    pub pass_term: Option<String>,
    /// Where the batch of a loss that is not finite is written.
    pub dump_dir: PathBuf,
}

/// What happens to problems whose prompts do not fit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LongPrompts {
    /// They are left out, and the report counts them.
    #[default]
    Skip,
    /// They end training with an error.
    Refuse,
}

/// What happens to groups whose weights are too old.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stale {
    /// They are dropped, and the report counts them.
    #[default]
    Refuse,
    /// They are trained on; the objective must have a [`Correction`](crate::Correction) for what the sampler's
    /// log-probabilities differ from the policy's.
    Correct,
}

/// A limit of tokens for each completion, from an update on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LengthStep {
    /// Updates made before the limit holds.
    pub after: u64,
    /// The limit.
    pub max_tokens: usize,
}

impl Default for GrpoConfig {
    fn default() -> Self {
        Self::r1_zero()
    }
}

impl GrpoConfig {
    /// Updates that one rollout serves.
    pub fn updates_per_rollout(&self) -> usize {
        self.mini_batches_per_rollout * self.inner_epochs
    }

    /// Problems that one rollout asks.
    pub fn prompts_per_rollout(&self) -> usize {
        self.prompts_per_step * self.mini_batches_per_rollout
    }

    /// How a rollout is sampled that starts after so many updates.
    pub fn sampling_after(&self, updates: u64) -> Sampling {
        let step = self.max_tokens_from.iter().rfind(|step| step.after <= updates);
        let max_tokens = step.map_or(self.sampling.max_tokens, |step| step.max_tokens);
        self.sampling.clone().with_max_tokens(max_tokens)
    }

    /// The same with another number of completions for each problem.
    pub fn with_group_size(self, group_size: usize) -> Self {
        Self { group_size, ..self }
    }

    /// The same with another number of problems for each update.
    pub fn with_prompts_per_step(self, prompts_per_step: usize) -> Self {
        Self { prompts_per_step, ..self }
    }

    /// The same with rollouts of another size. With 1, and one epoch, training is strictly on-policy.
    pub fn with_mini_batches_per_rollout(self, mini_batches_per_rollout: usize) -> Self {
        Self { mini_batches_per_rollout, ..self }
    }

    /// The same with another number of passes over each rollout.
    pub fn with_inner_epochs(self, inner_epochs: usize) -> Self {
        Self { inner_epochs, ..self }
    }

    /// The same with another learning rate.
    pub fn with_learning_rate(self, learning_rate: f64) -> Self {
        Self { learning_rate, ..self }
    }

    /// The same with another schedule of the learning rate.
    pub fn with_schedule(self, schedule: Schedule) -> Self {
        Self { schedule, ..self }
    }

    /// The same with other constants of AdamW.
    pub fn with_optimizer(self, optimizer: AdamWConfig) -> Self {
        Self { optimizer, ..self }
    }

    /// The same with another loss.
    pub fn with_objective(self, objective: Objective) -> Self {
        Self { objective, ..self }
    }

    /// The same with other advantages.
    pub fn with_advantage(self, advantage: AdvantageConfig) -> Self {
        Self { advantage, ..self }
    }

    /// The same with another way to sample, and its limit of tokens throughout.
    pub fn with_sampling(self, sampling: Sampling) -> Self {
        Self { sampling, max_tokens_from: Vec::new(), ..self }
    }

    /// The same with another limit of tokens for each completion, throughout.
    pub fn with_max_tokens(self, max_tokens: usize) -> Self {
        Self { sampling: self.sampling.with_max_tokens(max_tokens), max_tokens_from: Vec::new(), ..self }
    }

    /// The same with another limit of tokens for rollouts that start after so many updates.
    pub fn with_max_tokens_after(mut self, after: u64, max_tokens: usize) -> Self {
        self.max_tokens_from.push(LengthStep { after, max_tokens });
        self.max_tokens_from.sort_by_key(|step| step.after);
        self
    }

    /// The same with GDPO, and these weights of the terms.
    pub fn with_term_weights<N: Into<String>>(self, weights: impl IntoIterator<Item = (N, f32)>) -> Self {
        let weights = weights.into_iter().map(|(name, weight)| (name.into(), weight)).collect();
        Self { term_weights: Some(weights), ..self }
    }

    /// The same with dynamic sampling of so many rounds at most; 0 turns it off.
    pub fn with_refill_rounds(self, refill_rounds: usize) -> Self {
        Self { refill_rounds, ..self }
    }

    /// The same with a weight of the entropy bonus that follows the entropy.
    pub fn with_adaptive_entropy(self, adaptive_entropy: AdaptiveEntropy) -> Self {
        Self { adaptive_entropy: Some(adaptive_entropy), ..self }
    }

    /// The same at another temperature.
    pub fn with_temperature(self, temperature: f32) -> Self {
        Self { sampling: self.sampling.with_temperature(temperature), ..self }
    }

    /// The same with another template around the questions.
    pub fn with_template(self, template: PromptTemplate) -> Self {
        Self { template, ..self }
    }

    /// The same with another interval of updates after which the reference becomes the policy.
    pub fn with_reference_refresh(self, reference_refresh: Option<u64>) -> Self {
        Self { reference_refresh, ..self }
    }

    /// The same, with truncated completions in or out of the loss.
    pub fn with_mask_truncated(self, mask_truncated: bool) -> Self {
        Self { mask_truncated, ..self }
    }

    /// The same, with completions of advantage 0 computed or not.
    pub fn with_skip_zero_advantage(self, skip_zero_advantage: bool) -> Self {
        Self { skip_zero_advantage, ..self }
    }

    /// The same with another seed.
    pub fn with_seed(self, seed: u64) -> Self {
        Self { seed, ..self }
    }

    /// The same with another choice of what the backward pass computes again.
    pub fn with_recompute(self, recompute: Recompute) -> Self {
        Self { recompute, ..self }
    }

    /// The same with another bound on the tokens of one pass.
    pub fn with_tokens_per_micro_batch(self, tokens_per_micro_batch: usize) -> Self {
        Self { tokens_per_micro_batch, ..self }
    }

    /// The same with another term of the reward that tells right from wrong.
    pub fn with_pass_term(self, name: impl Into<String>) -> Self {
        Self { pass_term: Some(name.into()), ..self }
    }

    /// The same with another folder for batches whose loss is not finite.
    pub fn with_dump_dir(self, dump_dir: impl Into<PathBuf>) -> Self {
        Self { dump_dir: dump_dir.into(), ..self }
    }

    /// Checks every setting.
    ///
    /// # Errors
    /// [`GrpoError::Setting`] names the first setting out of range, [`GrpoError::TruncatedSampling`] one that cuts
    /// tokens off, and [`GrpoError::Generate`] another one of `sampling`.
    pub fn validate(&self) -> Result<(), GrpoError> {
        let check = |setting, value: f64, holds: bool, expected| {
            if holds { Ok(()) } else { Err(GrpoError::Setting { setting, value: value as f32, expected }) }
        };
        let count = |setting, value: usize| check(setting, value as f64, value > 0, "1 or more");
        let compared = "2 or more, for a completion is compared with its group";
        check("group_size", self.group_size as f64, self.group_size > 1, compared)?;
        count("prompts_per_step", self.prompts_per_step)?;
        count("mini_batches_per_rollout", self.mini_batches_per_rollout)?;
        count("inner_epochs", self.inner_epochs)?;
        count("tokens_per_micro_batch", self.tokens_per_micro_batch)?;
        let interval = "1 or more updates; leave it out to keep the first policy";
        check("reference_refresh", 0.0, self.reference_refresh != Some(0), interval)?;

        let positive =
            |setting, value: f64| check(setting, value, value > 0.0 && value.is_finite(), "above 0");
        let not_negative =
            |setting, value: f64| check(setting, value, value >= 0.0 && value.is_finite(), "0 or more");
        let decay =
            |setting, value: f64| check(setting, value, (0.0..1.0).contains(&value), "from 0 to below 1");
        not_negative("learning_rate", self.learning_rate)?;
        not_negative("advantage.epsilon", f64::from(self.advantage.epsilon))?;
        decay("optimizer.beta1", self.optimizer.beta1)?;
        decay("optimizer.beta2", self.optimizer.beta2)?;
        positive("optimizer.epsilon", self.optimizer.epsilon)?;
        not_negative("optimizer.weight_decay", self.optimizer.weight_decay)?;
        positive("optimizer.max_grad_norm", self.optimizer.max_grad_norm)?;
        self.objective.validate()?;
        let corrects = self.stale == Stale::Refuse || self.objective.correction.is_some();
        check("stale", 1.0, corrects, "`refuse` unless `objective.correction` is set")?;
        for step in &self.max_tokens_from {
            count("max_tokens_from.max_tokens", step.max_tokens)?;
        }
        let ordered = self.max_tokens_from.is_sorted_by(|a, b| a.after < b.after);
        check("max_tokens_from", self.max_tokens_from.len() as f64, ordered, "in the order of `after`")?;
        if let Some(AdaptiveEntropy { target, delta, min, max }) = self.adaptive_entropy {
            positive("adaptive_entropy.target", f64::from(target))?;
            not_negative("adaptive_entropy.delta", f64::from(delta))?;
            not_negative("adaptive_entropy.min", f64::from(min))?;
            let above = max.is_finite() && max >= min;
            check("adaptive_entropy.max", f64::from(max), above, "`adaptive_entropy.min` or more")?;
        }
        for weight in self.term_weights.iter().flat_map(BTreeMap::values) {
            check("term_weights", f64::from(*weight), weight.is_finite(), "finite numbers")?;
        }
        self.validate_sampling()
    }

    fn validate_sampling(&self) -> Result<(), GrpoError> {
        let sampling = &self.sampling;
        sampling.validate()?;
        if sampling.temperature <= 0.0 {
            let expected = "above 0, for the completions of a greedy policy are all the same";
            return Err(GrpoError::Setting { setting: "sampling.temperature", value: 0.0, expected });
        }
        let truncated = |setting, value| Err(GrpoError::TruncatedSampling { setting, value });
        match sampling {
            Sampling { top_k: Some(top_k), .. } => truncated("top_k", *top_k as f32),
            Sampling { top_p, .. } if *top_p < 1.0 => truncated("top_p", *top_p),
            Sampling { min_p, .. } if *min_p > 0.0 => truncated("min_p", *min_p),
            _ => Ok(()),
        }
    }
}
