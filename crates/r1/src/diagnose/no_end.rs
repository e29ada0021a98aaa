//! Completions that go on behind their answer, because nothing ends them.

use super::{Finding, RunRecord, record::percent};

/// Ends of answers in the formats that rewards read.
const ENDS: [&str; 2] = ["</answer>", "\\boxed{"];

pub(super) fn found(run: &RunRecord) -> Option<Finding> {
    // From the beginning on: a policy that loses its end has another trouble.
    let least = run.series("completions/clipped_ratio").into_iter().reduce(f64::min)?;
    let share = run.late("completions/clipped_ratio").filter(|_| least > 0.5)?;
    let samples = run.late_samples();
    let cut: Vec<&str> = samples
        .iter()
        .filter(|sample| sample.finish.is_cut())
        .map(|sample| sample.completion.as_str())
        .collect();
    let went_on = cut.iter().filter(|text| goes_on(text)).count() as f64 / cut.len().max(1) as f64;
    if went_on < 0.3 {
        return None;
    }
    let what = format!(
        "{} of the completions never ended by themselves, and of those that were looked at {} went on behind their answer",
        percent(share),
        percent(went_on)
    );
    Some(
        Finding::new("no end", what)
            .figure("completions/clipped_ratio", share)
            .figure("went_on_behind_an_answer", went_on)
            .knob("eos_token_id of the model's config.json and generation_config.json: the token that its chat template ends a turn with")
            .knob("grpo.sampling.stop = [\"</answer>\"] ends completions by their text"),
    )
}

/// Whether there is text behind the first answer.
fn goes_on(text: &str) -> bool {
    let behind = ENDS.iter().filter_map(|end| text.find(end).map(|at| &text[at + end.len()..])).next();
    behind.is_some_and(|rest| rest.trim().len() > 8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_text_behind_an_answer_goes_on() {
        assert!(goes_on("<answer>6</answer>\nUser: 3+4\nAssistant: 7"));
        assert!(!goes_on("<think>6 is what it is, or is it?</think><answer>6"));
        assert!(!goes_on("<answer>6</answer>\n"));
    }
}
