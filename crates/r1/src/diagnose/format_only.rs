//! A format that is learnt, and a task that is not.

use super::{Finding, RunRecord, record::percent};

/// The names of rewards of the format.
const FORMATS: [&str; 2] = ["rewards/format/mean", "rewards/tag_count/mean"];

pub(super) fn found(run: &RunRecord) -> Option<Finding> {
    let format = FORMATS.iter().find_map(|key| run.trend(key))?;
    let right = run.trend("pass_at_1")?;
    let learnt = format.change() > 0.2 && format.late > 0.8;
    if !learnt || right.change() > 0.02 || right.late > 0.5 {
        return None;
    }
    let what = format!(
        "the format went from {} to {}, while right answers went from {} to {}",
        percent(format.early),
        percent(format.late),
        percent(right.early),
        percent(right.late)
    );
    Some(
        Finding::new("format only", what)
            .figure("format_early", format.early)
            .figure("format_late", format.late)
            .figure("pass_at_1_early", right.early)
            .figure("pass_at_1_late", right.late)
            .knob(
                "the reference answers of the data: r1 grade --explain on a few completions of samples.jsonl",
            )
            .knob("easier problems, so that there is a right answer to find")
            .knob("lower the weight of the format in [[reward]]"),
    )
}
