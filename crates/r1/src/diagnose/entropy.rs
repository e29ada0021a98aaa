//! A policy that writes one thing only, before it is right.

use super::{Finding, RunRecord, record::percent};

pub(super) fn found(run: &RunRecord) -> Option<Finding> {
    let entropy = run.trend("entropy")?;
    let right = run.late("pass_at_1")?;
    let collapsed = entropy.late < 0.2 * entropy.early && entropy.change() < 0.0;
    if !collapsed || right > 0.8 {
        return None;
    }
    let what = format!(
        "the entropy fell from {:.3} to {:.3} nats a token, with {} of the completions right",
        entropy.early,
        entropy.late,
        percent(right)
    );
    Some(
        Finding::new("entropy collapse", what)
            .figure("entropy_early", entropy.early)
            .figure("entropy_late", entropy.late)
            .figure("pass_at_1", right)
            .knob("lower grpo.learning_rate, or raise grpo.objective.kl.coef")
            .knob("grpo.objective = \"dapo\" has a higher upper clip, which spares rare tokens")
            .knob("grpo.adaptive_entropy, or grpo.objective.entropy_coef")
            .knob("more and more varied problems"),
    )
}
