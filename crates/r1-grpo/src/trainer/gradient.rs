//! The gradient of one optimizer step, micro-batch after micro-batch.

use burn::tensor::{Tensor, TensorData};
use r1_model::{CausalLm, GradientStore};
use r1_train::{MicroBatch, PassConfig, gradient_pass, token_scores};

use super::{
    GrpoConfig,
    pack::{Member, pack_groups},
};
use crate::{
    Group, GrpoInputs, LossMetrics, Reduction, Rollout, StepTotals, Tally, TokenScores, TopEntropy,
    grpo_loss, top_entropy,
};

/// What a step's forward and backward passes give.
#[derive(Debug, Default)]
pub(crate) struct StepPass {
    pub(crate) gradients: GradientStore,
    pub(crate) metrics: LossMetrics,
    /// Distance of the sampler's log-probabilities from the trainer's, one a token, in nats.
    pub(crate) mismatch: Tally,
}

/// Whether the rollout takes part in the loss.
pub(crate) fn in_loss(rollout: &Rollout, config: &GrpoConfig) -> bool {
    !(rollout.trained_tokens() == 0 || config.mask_truncated && rollout.truncated())
}

/// Whether the rollout can have a gradient, so that it must be computed.
pub(crate) fn has_gradient(rollout: &Rollout, config: &GrpoConfig) -> bool {
    let objective = &config.objective;
    let only_surrogate =
        objective.kl.coef == 0.0 && objective.entropy_coef == 0.0 && config.adaptive_entropy.is_none();
    // The mean over a micro-batch depends on what is in it, and the quantile of the entropy on all tokens.
    let independent = objective.reduction != Reduction::LocalTokenMean && objective.top_entropy >= 1.0;
    let skipped = config.skip_zero_advantage && only_surrogate && independent && !rollout.has_advantage();
    in_loss(rollout, config) && !skipped
}

/// Computes the loss of these groups and its gradient. The model itself stays untracked.
pub(crate) fn step_pass<M: CausalLm>(model: &M, groups: &[&Group], config: &GrpoConfig) -> StepPass {
    let pack = |keep: &dyn Fn(&Rollout) -> bool| pack_groups(groups, config.tokens_per_micro_batch, keep);
    let (mut micro_batches, mut members) = pack(&|rollout| has_gradient(rollout, config));
    if micro_batches.is_empty() {
        // One rollout without advantage, for a gradient of zeros: the optimizer's moments decay as ever.
        let first = groups.iter().flat_map(|group| &group.rollouts).find(|rollout| in_loss(rollout, config));
        (micro_batches, members) = pack(&|rollout| first.is_some_and(|first| std::ptr::eq(first, rollout)));
    }
    let step = StepLoss {
        groups,
        members,
        config,
        sizes: Sizes::new(groups, config),
        micro_batches: micro_batches.len(),
    };
    let (mut metrics, mut mismatch) = (LossMetrics::default(), Tally::default());
    let pass =
        PassConfig { recompute: config.recompute, temperature: f64::from(config.sampling.temperature) };
    let gradients = gradient_pass(
        model,
        &micro_batches,
        &pass,
        |micro_batch, scores| step.loss(micro_batch, scores),
        |_, _, Seen { metrics: of_batch, current, old, sampled }| {
            metrics.merge(&of_batch.read());
            let old = old.unwrap_or_else(|| {
                let data = current.inner().into_data().convert::<f32>();
                data.try_to_vec().expect("the data was converted to f32")
            });
            for (old, sampled) in old.iter().zip(&sampled) {
                mismatch.add(f64::from(*old - *sampled).abs());
            }
        },
    );
    StepPass { gradients, metrics, mismatch }
}

/// What a loss was computed from, to be read after the backward pass.
struct Seen {
    metrics: crate::PendingMetrics,
    current: Tensor<1>,
    old: Option<Vec<f32>>,
    sampled: Vec<f32>,
}

/// What the micro-batches of a step share.
struct StepLoss<'a> {
    groups: &'a [&'a Group],
    members: Vec<Member>,
    config: &'a GrpoConfig,
    sizes: Sizes,
    micro_batches: usize,
}

impl StepLoss<'_> {
    /// The loss of one micro-batch, and what is to be read of it.
    fn loss(&self, micro_batch: &MicroBatch, scores: Tensor<2>) -> (Tensor<1>, Seen) {
        let Self { groups, members, config, sizes, micro_batches } = self;
        let members: Vec<Member> = micro_batch.members.iter().map(|&index| members[index]).collect();
        let rollouts: Vec<&Rollout> =
            members.iter().map(|member| &groups[member.group].rollouts[member.rollout]).collect();
        let group_tokens: Vec<usize> =
            members.iter().map(|member| sizes.group_tokens[member.group]).collect();
        let sampled: Vec<f32> = rollouts.iter().flat_map(|rollout| rollout.sampled_logprobs()).collect();
        let advantages: Vec<f32> = rollouts.iter().flat_map(|rollout| rollout.trained_advantages()).collect();
        let old = joined(&rollouts, |rollout| rollout.old.as_ref().map(|old| &old.logprobs));
        let [tokens, _] = scores.dims();
        let column = |index: usize| scores.clone().slice([0..tokens, index..index + 1]).reshape([tokens]);
        let (logprobs, mut entropy) = (column(0), column(1));
        if config.objective.entropy_coef == 0.0 {
            entropy = entropy.detach();
        }
        let (device, dtype) = (logprobs.device(), logprobs.dtype());
        let constant =
            |values: Vec<f32>| Tensor::<1>::from_data(TensorData::new(values, [tokens]), (&device, dtype));
        let current = logprobs.clone().detach();
        let output = grpo_loss(
            GrpoInputs {
                logprobs,
                old_logprobs: old.clone().map_or_else(|| current.clone(), constant),
                reference_logprobs: joined(&rollouts, |it| it.reference_logprobs.as_ref()).map(constant),
                sampled_logprobs: Some(constant(sampled.clone())),
                advantages: constant(advantages),
                entropy: Some(entropy),
                top_entropy: sizes.top_entropy,
                segments: &micro_batch.segments,
                totals: sizes.totals(*micro_batches, &group_tokens),
            },
            &config.objective,
        );
        (output.loss, Seen { metrics: output.metrics, current, old, sampled })
    }
}

/// The tokens' values of all rollouts, one after the other; `None` if a rollout has none.
fn joined<'a>(
    rollouts: &[&'a Rollout],
    values: impl Fn(&'a Rollout) -> Option<&'a Vec<f32>>,
) -> Option<Vec<f32>> {
    let mut all = Vec::new();
    for rollout in rollouts {
        all.extend_from_slice(values(rollout)?);
    }
    Some(all)
}

/// Sizes of a whole step.
struct Sizes {
    completions: usize,
    /// Tokens that take part in the loss, by group.
    group_tokens: Vec<usize>,
    top_entropy: Option<TopEntropy>,
}

impl Sizes {
    fn new(groups: &[&Group], config: &GrpoConfig) -> Self {
        let of = |group: &&Group| -> Vec<usize> {
            let trained = group.rollouts.iter().filter(|rollout| in_loss(rollout, config));
            trained.map(Rollout::trained_tokens).collect()
        };
        let lengths: Vec<Vec<usize>> = groups.iter().map(of).collect();
        let mut entropies: Vec<f32> = Vec::new();
        if config.objective.top_entropy < 1.0 {
            let trained = groups.iter().flat_map(|group| &group.rollouts).filter(|it| in_loss(it, config));
            trained.filter_map(|it| it.old.as_ref()).for_each(|old| entropies.extend(&old.entropies));
        }
        Self {
            completions: lengths.iter().map(Vec::len).sum(),
            group_tokens: lengths.iter().map(|lengths| lengths.iter().sum()).collect(),
            top_entropy: (!entropies.is_empty())
                .then(|| top_entropy(&entropies, config.objective.top_entropy)),
        }
    }

    fn totals<'a>(&self, micro_batches: usize, group_tokens: &'a [usize]) -> StepTotals<'a> {
        StepTotals {
            completions: self.completions,
            tokens: self.group_tokens.iter().sum(),
            micro_batches,
            prompts: self.group_tokens.iter().filter(|&&tokens| tokens > 0).count(),
            group_tokens,
        }
    }
}

/// Computes what a frozen model says of the rollouts' tokens, and gives it to `store`.
pub(crate) fn score_rollouts<M: CausalLm>(
    model: &M,
    groups: &mut [Group],
    config: &GrpoConfig,
    store: impl Fn(&mut Rollout, TokenScores),
) {
    let (micro_batches, members) =
        pack_groups(groups, config.tokens_per_micro_batch, |rollout| has_gradient(rollout, config));
    for micro_batch in &micro_batches {
        let scores = token_scores(model, micro_batch, f64::from(config.sampling.temperature));
        let scores = scores.into_data().convert::<f32>();
        let scores = scores.as_slice::<f32>().expect("the data was converted to f32");
        for (&member, range) in micro_batch.members.iter().zip(&micro_batch.segments) {
            let rows = scores[2 * range.start..2 * range.end].chunks_exact(2);
            let scores = TokenScores {
                logprobs: rows.clone().map(|row| row[0]).collect(),
                entropies: rows.map(|row| row[1]).collect(),
            };
            let Member { group, rollout } = members[member];
            store(&mut groups[group].rollouts[rollout], scores);
        }
    }
}

#[cfg(test)]
mod tests;
