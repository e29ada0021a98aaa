//! Groups in which all completions earn the same, because the problems are too hard or too easy.

use super::{Finding, RunRecord, constant_reward, learning_rate, record::percent};

/// A share of groups without signal that leaves too little to learn from.
const MOST: f64 = 0.7;

pub(super) fn too_hard(run: &RunRecord) -> Option<Finding> {
    let (flat, right) = without_signal(run)?;
    if right >= 0.2 {
        return None;
    }
    let what = format!(
        "in {} of the groups all completions earned the same, and only {} of the completions were right",
        percent(flat),
        percent(right)
    );
    Some(
        Finding::new("too hard", what)
            .figure("frac_reward_zero_std", flat)
            .figure("pass_at_1", right)
            .knob("easier problems: data.filters.pass_rate, data.sources.level, or another source")
            .knob("raise grpo.group_size, so that one of a group succeeds now and then")
            .knob("grpo.refill_rounds draws other problems in the place of those without signal")
            .knob("a cold start first: r1 sft on traces that solve such problems"),
    )
}

pub(super) fn too_easy(run: &RunRecord) -> Option<Finding> {
    let (flat, right) = without_signal(run)?;
    if right < 0.8 {
        return None;
    }
    let what = format!(
        "in {} of the groups all completions earned the same, and {} of the completions were right already",
        percent(flat),
        percent(right)
    );
    Some(
        Finding::new("too easy", what)
            .figure("frac_reward_zero_std", flat)
            .figure("pass_at_1", right)
            .knob("harder problems: data.filters.pass_rate, data.sources.level, or another source")
            .knob("grpo.refill_rounds draws other problems in the place of those without signal")
            .knob("stop here, if this is what the model was to learn"),
    )
}

/// The share of groups without signal and that of right completions, if the first is large.
fn without_signal(run: &RunRecord) -> Option<(f64, f64)> {
    let flat = run.late("frac_reward_zero_std").filter(|share| *share > MOST)?;
    let right = run.late("pass_at_1").or_else(|| run.late("reward"))?;
    let is_explained = constant_reward::found(run).is_some() || learning_rate::too_high(run).is_some();
    (!is_explained).then_some((flat, right))
}
