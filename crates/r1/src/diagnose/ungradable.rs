//! References that no answer can be compared with.

use super::{Finding, RunRecord, record::percent};

/// A share of problems from which on it is no accident.
const MOST: f64 = 0.05;

pub(super) fn found(run: &RunRecord) -> Option<Finding> {
    let dropped: f64 = run.series("ungradable").iter().sum();
    let graded: f64 = run.metrics.iter().filter_map(groups).sum();
    let share = dropped / (dropped + graded);
    if !(dropped > 0.0 && share > MOST) {
        return None;
    }
    let what = format!(
        "{} of the problems ({dropped}) were dropped, because their reference answers could not be read",
        percent(share)
    );
    Some(
        Finding::new("unreadable references", what)
            .figure("ungradable", dropped)
            .figure("share", share)
            .knob("the `answer` column of the data: `r1 grade --explain` says what is read of an answer")
            .knob("reward.mode = \"lenient\", or another reward, for answers that are no numbers or expressions"),
    )
}

/// Groups that an update was made of, from how many had a signal and which share had none.
fn groups(line: &serde_json::Map<String, serde_json::Value>) -> Option<f64> {
    let effective = line.get("effective_groups")?.as_f64()?;
    let without = line.get("frac_reward_zero_std")?.as_f64()?;
    Some(if without < 1.0 { (effective / (1.0 - without)).round() } else { 1.0 })
}
