//! Completions that grow, and rewards with them, while answers get no better.

use super::{Finding, RunRecord, record::percent};

pub(super) fn found(run: &RunRecord) -> Option<Finding> {
    let length = run.trend("completions/mean_length")?;
    let reward = run.trend("reward")?;
    let right = run.trend("pass_at_1")?;
    let grew = length.late > 1.5 * length.early && length.change() > 0.0;
    if !grew || reward.change() <= 0.0 || right.change() > 0.02 {
        return None;
    }
    let what = format!(
        "completions grew from {:.0} to {:.0} tokens and the reward from {:.2} to {:.2}, while right answers went from {} to {}",
        length.early,
        length.late,
        reward.early,
        reward.late,
        percent(right.early),
        percent(right.late)
    );
    Some(
        Finding::new("length hack", what)
            .figure("length_early", length.early)
            .figure("length_late", length.late)
            .figure("reward_early", reward.early)
            .figure("reward_late", reward.late)
            .figure("pass_at_1_early", right.early)
            .figure("pass_at_1_late", right.late)
            .knob("a term of [[reward]] pays for length; r1 audit --recipe RECIPE names it")
            .knob("clip the term, or multiply it with being right; `repetition` and `loop_guard` punish filling")
            .knob("grpo.objective = \"dr_grpo\", which does not favour long wrong answers"),
    )
}
