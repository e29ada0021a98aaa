//! A prompt that is not the one that the model was trained to answer.

use r1_core::template::PromptTemplate;

use super::{Finding, RunRecord, record::percent};

/// A share of right answers and one of kept formats, below which nothing seems to be understood.
const FEW: [f64; 2] = [0.2, 0.05];

pub(super) fn found(run: &RunRecord) -> Option<Finding> {
    let template = &run.config.as_ref()?.template;
    let is_bare = matches!(template, PromptTemplate::Plain | PromptTemplate::R1Zero);
    if !is_bare || !run.has_chat_template {
        return None;
    }
    let right = run.late("pass_at_1").filter(|share| *share < FEW[0])?;
    let format = run.late("rewards/format/mean").filter(|share| *share < FEW[1])?;
    let what = format!(
        "{} of the completions were right and {} kept the format, and the prompt is not in the model's own chat template",
        percent(right),
        percent(format)
    );
    Some(
        Finding::new("template mismatch", what)
            .figure("pass_at_1", right)
            .figure("rewards/format/mean", format)
            .knob("grpo.template = { chat = {} } asks in the model's own template, as the preset `r1` does")
            .knob("r1 train RECIPE --dry-run shows the prompt as the model sees it"),
    )
}
