//! Completions that the limit of tokens cuts off before they answer.

use super::{Finding, RunRecord, learning_rate, no_end, record::percent};

/// A share of cut completions from which on learning suffers.
const MOST: f64 = 0.2;

pub(super) fn found(run: &RunRecord) -> Option<Finding> {
    let share = run.late("completions/clipped_ratio").filter(|share| *share > MOST)?;
    let is_explained = no_end::found(run).is_some() || learning_rate::too_high(run).is_some();
    if is_explained {
        return None;
    }
    let limit = run.late("completions/max_tokens").unwrap_or_default();
    let what = format!(
        "{} of the completions were cut off at {limit} tokens, most of them before an answer could be graded",
        percent(share)
    );
    Some(
        Finding::new("truncation", what)
            .figure("completions/clipped_ratio", share)
            .figure("completions/max_tokens", limit)
            .knob("raise grpo.sampling.max_tokens")
            .knob("grpo.mask_truncated = true leaves cut completions out of the loss")
            .knob("a reward `overlong` makes the limit a slope instead of a cliff"),
    )
}
