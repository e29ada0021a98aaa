//! The gradient of one optimizer step, micro-batch after micro-batch.

use burn::tensor::{Tensor, TensorData};
use r1_model::{CausalLm, GradientStore};

use crate::{
    Group, GrpoConfig, GrpoInputs, LossMetrics, MicroBatch, Rollout, StepTotals, Tally, TokenScores,
    TopEntropy, grpo_loss, per_token, token_scores, top_entropy,
};

/// What a step's forward and backward passes give.
#[derive(Debug, Default)]
pub(crate) struct GradientPass {
    pub(crate) gradients: GradientStore,
    pub(crate) metrics: LossMetrics,
    /// Distance of the sampler's log-probabilities from the trainer's, one a token, in nats.
    pub(crate) mismatch: Tally,
}

/// Whether the rollout takes part in the loss.
pub(crate) fn trains(rollout: &Rollout, config: &GrpoConfig) -> bool {
    !(rollout.completion.ids.is_empty() || config.mask_truncated && rollout.truncated())
}

/// Computes the loss of these groups and its gradient. The model itself stays untracked.
pub(crate) fn gradient_pass<M: CausalLm>(model: &M, groups: &[&Group], config: &GrpoConfig) -> GradientPass {
    let micro_batches = MicroBatch::pack(groups, config.tokens_per_micro_batch, |it| trains(it, config));
    let sizes = Sizes::new(groups, config);
    let tracked = model.clone().train();
    let mut pass = GradientPass::default();
    for micro_batch in &micro_batches {
        let rollouts: Vec<&Rollout> =
            micro_batch.members.iter().map(|member| &groups[member.group].rollouts[member.rollout]).collect();
        let group_tokens: Vec<usize> =
            micro_batch.members.iter().map(|member| sizes.group_tokens[member.group]).collect();
        let totals = StepTotals {
            completions: sizes.completions,
            tokens: sizes.group_tokens.iter().sum(),
            micro_batches: micro_batches.len(),
            prompts: sizes.group_tokens.iter().filter(|&&tokens| tokens > 0).count(),
            group_tokens: &group_tokens,
        };
        let temperature = f64::from(config.sampling.temperature);
        let scores = token_scores(&tracked, micro_batch, temperature);
        add(&mut pass, &tracked, scores, micro_batch, &rollouts, totals, sizes.top_entropy, config);
    }
    pass
}

#[allow(clippy::too_many_arguments)]
fn add<M: CausalLm>(
    pass: &mut GradientPass,
    tracked: &M,
    scores: Tensor<2>,
    micro_batch: &MicroBatch,
    rollouts: &[&Rollout],
    totals: StepTotals<'_>,
    top_entropy: Option<TopEntropy>,
    config: &GrpoConfig,
) {
    let [tokens, _] = scores.dims();
    let column = |index: usize| scores.clone().slice([0..tokens, index..index + 1]).reshape([tokens]);
    let (logprobs, mut entropy) = (column(0), column(1));
    if config.objective.entropy_coef == 0.0 {
        entropy = entropy.detach();
    }
    let device = logprobs.device();
    let constant = |values: Vec<f32>| Tensor::<1>::from_data(TensorData::new(values, [tokens]), &device);
    let advantages: Vec<f32> = rollouts.iter().map(|rollout| rollout.advantage).collect();
    let sampled: Vec<f32> =
        joined(rollouts, |rollout| Some(&rollout.completion.logprobs)).unwrap_or_default();
    let old = joined(rollouts, |rollout| rollout.old.as_ref().map(|old| &old.logprobs));
    let current = logprobs.clone().detach();
    let output = grpo_loss(
        GrpoInputs {
            logprobs,
            old_logprobs: old.clone().map_or_else(|| current.clone(), constant),
            reference_logprobs: joined(rollouts, |rollout| rollout.reference_logprobs.as_ref()).map(constant),
            sampled_logprobs: Some(constant(sampled.clone())),
            advantages: constant(per_token(&advantages, &micro_batch.segments)),
            entropy: Some(entropy),
            top_entropy,
            segments: &micro_batch.segments,
            totals,
        },
        &config.objective,
    );
    pass.gradients.add(tracked, output.loss.backward());
    pass.metrics.merge(&output.metrics.read());
    let old = old.unwrap_or_else(|| {
        let data = current.inner().into_data().convert::<f32>();
        data.try_to_vec().expect("the data was converted to f32")
    });
    for (old, sampled) in old.iter().zip(&sampled) {
        pass.mismatch.add(f64::from(*old - *sampled).abs());
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
            let trained = group.rollouts.iter().filter(|rollout| trains(rollout, config));
            trained.map(|rollout| rollout.completion.ids.len()).collect()
        };
        let lengths: Vec<Vec<usize>> = groups.iter().map(of).collect();
        let mut entropies: Vec<f32> = Vec::new();
        if config.objective.top_entropy < 1.0 {
            let trained = groups.iter().flat_map(|group| &group.rollouts).filter(|it| trains(it, config));
            trained.filter_map(|it| it.old.as_ref()).for_each(|old| entropies.extend(&old.entropies));
        }
        Self {
            completions: lengths.iter().map(Vec::len).sum(),
            group_tokens: lengths.iter().map(|lengths| lengths.iter().sum()).collect(),
            top_entropy: (!entropies.is_empty())
                .then(|| top_entropy(&entropies, config.objective.top_entropy)),
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
    for micro_batch in MicroBatch::pack(groups, config.tokens_per_micro_batch, |it| trains(it, config)) {
        let scores = token_scores(model, &micro_batch, f64::from(config.sampling.temperature));
        let scores = scores.into_data().convert::<f32>();
        let scores = scores.as_slice::<f32>().expect("the data was converted to f32");
        for (member, range) in micro_batch.members.iter().zip(&micro_batch.segments) {
            let rows = scores[2 * range.start..2 * range.end].chunks_exact(2);
            let scores = TokenScores {
                logprobs: rows.clone().map(|row| row[0]).collect(),
                entropies: rows.map(|row| row[1]).collect(),
            };
            store(&mut groups[member.group].rollouts[member.rollout], scores);
        }
    }
}
