//! Rollouts that the policy that is trained would not write.

use super::{Finding, RunRecord, record::percent};

/// A share of clipped ratios from which on most of a rollout's later updates is lost.
const CLIPPED: f64 = 0.2;

/// Nats a token from the policy that sampled.
const FAR: f64 = 0.1;

/// Nats a token between the sampler's log-probabilities and the trainer's; on the CPU they are equal.
const MISMATCH: f64 = 0.01;

pub(super) fn drifting(run: &RunRecord) -> Option<Finding> {
    let clipped = run.late("clip_ratio/region_mean").unwrap_or_default();
    let moved = run.late("old_kl").unwrap_or_default();
    if clipped < CLIPPED && moved < FAR {
        return None;
    }
    let what = format!(
        "{} of the ratios were clipped, and the policy had moved {moved:.2} nats a token from the one that wrote the rollouts",
        percent(clipped)
    );
    Some(
        Finding::new("off-policy drift", what)
            .figure("clip_ratio/region_mean", clipped)
            .figure("old_kl", moved)
            .knob("lower grpo.inner_epochs or grpo.mini_batches_per_rollout: fewer updates a rollout")
            .knob("lower grpo.learning_rate")
            .knob("grpo.max_staleness, for rollouts from elsewhere"),
    )
}

pub(super) fn mismatched(run: &RunRecord) -> Option<Finding> {
    let mean = run.late("sampling/sampling_logp_difference/mean").filter(|mean| *mean > MISMATCH)?;
    if run.config.as_ref().is_some_and(|config| config.objective.correction.is_some()) {
        return None;
    }
    let max = run.late("sampling/sampling_logp_difference/max").unwrap_or(mean);
    let what = format!(
        "the log-probabilities of the sampler are {mean:.3} nats a token (up to {max:.2}) from the trainer's, and nothing corrects it"
    );
    Some(
        Finding::new("sampler mismatch", what)
            .figure("sampling_logp_difference/mean", mean)
            .figure("sampling_logp_difference/max", max)
            .knob("grpo.objective.correction weighs tokens by the difference")
            .knob("leave grpo.rollout_weights out, or take finer ones (bf16)")
            .knob("the same sampling temperature and the newest weights, for rollouts of a server"),
    )
}
