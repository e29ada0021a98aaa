//! The trainer.

mod checkpoint;
mod config;
mod digests;
mod entropy_state;
mod gradient;
mod pack;
mod recipe;
mod reference;
mod training;

use std::time::Instant;

use r1_core::{ProblemSource, Reward};
use r1_model::{CausalLm, LanguageModel, Transformer};
use r1_train::Learner;

use crate::{
    Group, GroupSignal, GrpoError, StepReport, StepTimings,
    advantage::assign_advantages,
    report::{StepFacts, dump},
    rollout::{Collection, PendingRollouts, PolicyRollouts, RolloutCost, RolloutSource, collect},
};
pub use config::{GrpoConfig, LengthStep, LongPrompts, Stale};
use digests::Keeping;
use entropy_state::EntropyState;
use gradient::{StepPass, score_rollouts, step_pass};
pub use pack::{Member, pack_groups};
use reference::Reference;
pub use training::GrpoTraining;

/// After this many rollouts in a row without a problem that can be graded, training stops.
const MAX_EMPTY_ROLLOUTS: usize = 8;

/// Trains a language model by GRPO. The caller owns the loop: each [`step`](Self::step) is one optimizer update.
///
/// ```text
/// every `reference_refresh` updates:  π_ref ← π_θ
/// for each rollout:                   draw problems, sample G completions of each from π_old = π_θ,
///                                     score them, compare each with its group
///   for each epoch and mini-batch:    one update of π_θ on the loss                  (one step)
/// ```
///
/// # Source
/// DeepSeekMath (arXiv:2402.03300), Algorithm 1.
#[derive(Debug)]
pub struct GrpoTrainer<M: CausalLm = Transformer> {
    config: GrpoConfig,
    learner: Learner<M>,
    reference: Option<Reference<M>>,
    pending: PendingRollouts,
    rollouts: u64,
    tokens: u64,
    /// Weight of the entropy bonus, and the mean entropy of the last update, for an adaptive weight.
    entropy: EntropyState,
    timings: StepTimings,
    digests: Keeping,
}

impl<M: CausalLm> GrpoTrainer<M> {
    /// A trainer that has made no update. The policy as it is becomes the reference, if the loss needs one.
    ///
    /// # Errors
    /// When a setting is out of range, see [`GrpoConfig::validate`].
    pub fn new(config: GrpoConfig, policy: LanguageModel<M>) -> Result<Self, GrpoError> {
        config.validate()?;
        let learner = Learner::new(policy, config.optimizer);
        Ok(Self {
            reference: Reference::new(&learner.model().model, &config),
            learner,
            entropy: EntropyState::new(&config),
            config,
            pending: PendingRollouts::default(),
            rollouts: 0,
            tokens: 0,
            timings: StepTimings::default(),
            digests: Keeping::default(),
        })
    }

    /// Makes one optimizer update. Problems are drawn only when no rollouts are left from the last draw, so of 16
    /// updates a rollout, 15 draw nothing. The policy writes its rollouts itself.
    ///
    /// # Errors
    /// [`GrpoError::NotFinite`] when the loss or its gradient is; then no weight has changed. Errors of the source,
    /// the policy and the reward; then the source stands where it stood, and `step` can be called again.
    /// [`GrpoError::NothingGraded`] when eight rollouts in a row had no problem that can be graded.
    pub fn step(
        &mut self,
        source: &mut (impl ProblemSource + ?Sized),
        reward: &(impl Reward + ?Sized),
    ) -> Result<StepReport, GrpoError> {
        let mut rollouts = PolicyRollouts { packing: self.config.rollout_weights };
        self.step_with(source, &mut rollouts, reward)
    }

    /// [`step`](Self::step) on rollouts from anywhere.
    ///
    /// # Errors
    /// As [`step`](Self::step); [`GrpoError::Rollouts`] for rollouts that cannot be trained on, and
    /// [`GrpoError::Stale`] when all are too old.
    pub fn step_with(
        &mut self,
        source: &mut (impl ProblemSource + ?Sized),
        rollouts: &mut (impl RolloutSource<M> + ?Sized),
        reward: &(impl Reward + ?Sized),
    ) -> Result<StepReport, GrpoError> {
        self.timings = StepTimings::default();
        if self.pending.is_empty() {
            self.refresh_reference();
            self.collect_rollouts(source, rollouts, reward)?;
            self.score_tokens();
        }
        self.train_pending(reward.name())
    }

    /// Makes one optimizer update on these groups, wherever they come from: the half of [`step`](Self::step) that
    /// trains. Their rollouts need completions and rewards; advantages are given here.
    ///
    /// # Errors
    /// [`GrpoError::Pending`] while mini-batches of an earlier draw wait for their updates, [`GrpoError::Rollouts`] for
    /// a completion that cannot be trained on, [`GrpoError::Stale`] when all groups are too old, and
    /// [`GrpoError::NotFinite`].
    pub fn update(&mut self, groups: Vec<Group>) -> Result<StepReport, GrpoError> {
        if !self.pending.is_empty() {
            return Err(GrpoError::Pending);
        }
        for group in &groups {
            for (index, rollout) in group.rollouts.iter().enumerate() {
                rollout.completion.check().map_err(|reason| {
                    let problem = group.problem.id.clone();
                    GrpoError::Rollouts { problem, reason: format!("completion {index} {reason}") }
                })?;
            }
        }
        self.timings = StepTimings::default();
        self.refresh_reference();
        let max_tokens = self.config.sampling_after(self.updates()).max_tokens;
        let mut cost = RolloutCost { max_tokens, ..RolloutCost::default() };
        let mut groups = self.fresh(groups, &mut cost)?;
        assign_advantages(&mut groups, &self.config);
        self.pending = PendingRollouts::whole(groups, cost);
        self.score_tokens();
        let report = self.train_pending("reward");
        if report.is_err() {
            self.pending = PendingRollouts::default();
        }
        report
    }

    /// The groups that are young enough, and the others as a cost.
    fn fresh(&self, groups: Vec<Group>, cost: &mut RolloutCost) -> Result<Vec<Group>, GrpoError> {
        let Some(limit) = self.config.max_staleness.filter(|_| self.config.stale == Stale::Refuse) else {
            return Ok(groups);
        };
        let (count, now) = (groups.len(), self.updates());
        let age = |group: &Group| now.saturating_sub(group.weights_version().unwrap_or(now));
        let youngest = groups.iter().map(age).min().unwrap_or_default();
        let fresh: Vec<Group> = groups.into_iter().filter(|group| age(group) <= limit).collect();
        cost.stale_groups += count - fresh.len();
        if fresh.is_empty() && count > 0 {
            return Err(GrpoError::Stale { groups: count, updates: youngest });
        }
        Ok(fresh)
    }

    /// Makes one update on the next mini-batch.
    fn train_pending(&mut self, reward: &str) -> Result<StepReport, GrpoError> {
        let started = Instant::now();
        let groups = self.pending.next();
        let config = self.entropy.applied(&self.config);
        let StepPass { gradients, metrics, mismatch } = step_pass(self.policy().working(), &groups, &config);
        let update = self.updates() + 1;
        if metrics.non_finite_tokens > 0 || !metrics.loss().is_finite() {
            return Err(dump("loss", update, &groups, &self.config.dump_dir));
        }
        let entropy_coef = config.adaptive_entropy.map(|_| config.objective.entropy_coef);
        self.digests.gradients(&gradients);
        let learning_rate = self.config.learning_rate * self.config.schedule.factor(self.updates());
        let grad_norm = self.learner.update(gradients, learning_rate);
        let groups = self.pending.next();
        if !grad_norm.is_finite() {
            return Err(dump("gradient", update, &groups, &self.config.dump_dir));
        }
        self.digests.update(update, &groups, metrics.loss(), &self.learner);
        self.entropy.follow(&self.config, metrics.entropy.mean());
        let facts = StepFacts {
            step: update,
            tokens: self.tokens,
            learning_rate,
            grad_norm,
            metrics: &metrics,
            mismatch,
            cost: self.pending.cost,
            entropy_coef,
            reward,
        };
        let report = StepReport::new(facts, &groups, &self.config);
        self.pending.advance();
        self.timings.training_seconds = started.elapsed().as_secs_f64();
        self.timings.trained_tokens = metrics.tokens;
        Ok(report)
    }

    fn refresh_reference(&mut self) {
        let updates = self.updates();
        if let Some(reference) = &mut self.reference {
            reference.refresh(&self.learner.model().model, updates, &self.config);
        }
    }

    /// Collects the rollouts of the next updates. On an error the source and the trainer stand where they stood.
    fn collect_rollouts(
        &mut self,
        source: &mut (impl ProblemSource + ?Sized),
        rollouts: &mut (impl RolloutSource<M> + ?Sized),
        reward: &(impl Reward + ?Sized),
    ) -> Result<(), GrpoError> {
        let (start, count, tokens) = (source.position(), self.rollouts, self.tokens);
        match self.fill_batch(source, rollouts, reward) {
            Ok(pending) => self.pending = pending,
            Err(error) => {
                (self.rollouts, self.tokens) = (count, tokens);
                source.seek(start)?;
                return Err(error);
            }
        }
        Ok(())
    }

    /// Collects and scores completions of the next problems, until there is one that can be graded. With dynamic
    /// sampling, until there are enough groups with signal, or as many rounds as are allowed.
    fn fill_batch(
        &mut self,
        source: &mut (impl ProblemSource + ?Sized),
        rollouts: &mut (impl RolloutSource<M> + ?Sized),
        reward: &(impl Reward + ?Sized),
    ) -> Result<PendingRollouts, GrpoError> {
        let updates = self.updates();
        let sampling = self.config.sampling_after(updates);
        let mut cost = RolloutCost { max_tokens: sampling.max_tokens, ..RolloutCost::default() };
        let (mut kept, mut without_signal, mut ungradable) = (Vec::new(), Vec::new(), Vec::new());
        for round in 0.. {
            let config = &self.config;
            let wanted = Collection {
                problems: config.prompts_per_rollout() - kept.len(),
                sampling: &sampling,
                rollout: self.rollouts + 1,
                weights_version: updates,
            };
            let collected = collect(self.learner.model_mut(), rollouts, config, &wanted, source, reward)?;
            self.rollouts += 1;
            self.tokens += collected.tokens;
            self.timings.add(&collected);
            cost.long_prompts += collected.long_prompts;
            ungradable.extend(collected.ungradable);
            for group in self.fresh(collected.groups, &mut cost)? {
                let teaches = self.config.refill_rounds == 0 || group.signal() == GroupSignal::Mixed;
                if teaches { kept.push(group) } else { without_signal.push(group) }
            }
            let config = &self.config;
            let graded = !(kept.is_empty() && without_signal.is_empty());
            if kept.len() == config.prompts_per_rollout() || graded && round >= config.refill_rounds {
                (cost.dropped_groups, cost.refill_rounds) = (without_signal.len(), round);
                cost.ungradable = ungradable.len();
                if kept.is_empty() {
                    // A step without signal is made and reported, so that somebody looks into it.
                    kept = without_signal;
                    kept.truncate(config.prompts_per_rollout());
                }
                assign_advantages(&mut kept, config);
                return Ok(PendingRollouts::new(kept, cost, config, self.rollouts));
            }
            if !graded && round + 1 >= MAX_EMPTY_ROLLOUTS {
                break;
            }
        }
        let last = ungradable.last().cloned().unwrap_or_default();
        Err(GrpoError::NothingGraded { problems: ungradable.len(), last })
    }

    /// Computes π_old and π_ref of the rollouts' tokens, where the updates to come need them.
    fn score_tokens(&mut self) {
        let started = Instant::now();
        let policy = self.learner.model();
        if self.config.updates_per_rollout() > 1 || self.config.objective.top_entropy < 1.0 {
            score_rollouts(policy.working(), &mut self.pending.groups, &self.config, |rollout, scores| {
                rollout.old = Some(scores);
            });
        }
        if let Some(reference) = &self.reference {
            let cast = policy.cast_of(&reference.model);
            let model = cast.as_ref().unwrap_or(&reference.model);
            score_rollouts(model, &mut self.pending.groups, &self.config, |rollout, scores| {
                rollout.reference_logprobs = Some(scores.logprobs);
            });
        }
        self.timings.scoring_seconds = started.elapsed().as_secs_f64();
    }

    /// The model that is trained.
    pub fn policy(&self) -> &LanguageModel<M> {
        self.learner.model()
    }

    /// The model that is trained, to generate with.
    pub fn policy_mut(&mut self) -> &mut LanguageModel<M> {
        self.learner.model_mut()
    }

    /// Ends training and gives the model back.
    pub fn into_policy(self) -> LanguageModel<M> {
        self.learner.into_model()
    }

    /// How many updates were made.
    pub fn updates(&self) -> u64 {
        self.learner.updates()
    }

    /// How many rollouts were sampled.
    pub fn rollouts(&self) -> u64 {
        self.rollouts
    }

    /// The settings.
    pub fn config(&self) -> &GrpoConfig {
        &self.config
    }

    /// The groups of the last update, with completions, rewards and advantages. Their rows for a log of samples are
    /// [`RolloutRow::of_group`](crate::RolloutRow::of_group).
    pub fn last_groups(&self) -> impl Iterator<Item = &Group> {
        self.pending.last()
    }

    /// What the last step took. It is not part of the report, for no two runs share it.
    pub fn timings(&self) -> &StepTimings {
        &self.timings
    }
}
