//! A learning rate that destroys the policy, or does not move it.

use super::{Finding, RunRecord, record::mean};

/// Nats a token from the reference, beyond which a policy of these sizes of updates writes something else altogether.
const FAR: f64 = 0.5;

/// Nats a token below which nobody could tell the policy from the reference.
const NEAR: f64 = 1e-5;

pub(super) fn too_high(run: &RunRecord) -> Option<Finding> {
    let reward = run.trend("reward")?;
    let peak = peak(&run.series("reward"));
    let kl = run.late("kl");
    // What was learnt, or was there at first, is lost again.
    let best = peak.max(reward.early);
    let lost = best - reward.late;
    // Far from the reference it is no noise; where no distance is known, it must be beyond the noise.
    let is_noise = kl.map_or(lost < 3.0 * reward.stderr, |kl| kl < FAR);
    if is_noise || lost < 0.2 * best.abs() || best <= 0.0 {
        return None;
    }
    let rate = run.late("learning_rate").unwrap_or_default();
    let distance = kl.map_or(String::new(), |kl| format!(", {kl:.2} nats a token from the reference"));
    let what = format!("the reward fell from {best:.2} to {:.2}{distance}", reward.late);
    let finding = Finding::new("learning rate too high", what)
        .figure("reward_best", best)
        .figure("reward_late", reward.late)
        .figure("learning_rate", rate);
    let finding = kl.into_iter().fold(finding, |finding, kl| finding.figure("kl", kl));
    Some(
        finding
            .knob(format!("lower grpo.learning_rate, {rate:.1e} now, by a factor of 3 to 10"))
            .knob("grpo.schedule with a warm-up")
            .knob("raise grpo.objective.kl.coef, or lower grpo.optimizer.max_grad_norm"),
    )
}

pub(super) fn too_low(run: &RunRecord) -> Option<Finding> {
    let reward = run.trend("reward")?;
    let kl = run.late("kl").filter(|kl| *kl < NEAR)?;
    let signal = run.late("frac_reward_zero_std").filter(|flat| *flat < 0.7)?;
    let rate = run.late("learning_rate").unwrap_or_default();
    let what = format!(
        "after {} updates the policy is {kl:.1e} nats a token from the reference, and the reward went from {:.2} to {:.2}",
        run.updates(),
        reward.early,
        reward.late
    );
    Some(
        Finding::new("learning rate too low", what)
            .figure("kl", kl)
            .figure("reward_early", reward.early)
            .figure("reward_late", reward.late)
            .figure("learning_rate", rate)
            .figure("frac_reward_zero_std", signal)
            .knob(format!("raise grpo.learning_rate, {rate:.1e} now, by a factor of 10"))
            .knob("grpo.schedule: is the warm-up longer than the run?"),
    )
}

/// The greatest mean over an eighth of the updates.
fn peak(values: &[f64]) -> f64 {
    let width = (values.len() / 8).max(1);
    values.windows(width).map(mean).fold(f64::MIN, f64::max)
}
