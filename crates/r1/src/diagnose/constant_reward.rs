//! A reward that says the same of everything.

use super::{Finding, RunRecord};

pub(super) fn found(run: &RunRecord) -> Option<Finding> {
    let rewards = run.series("reward");
    let (&first, others) = rewards.split_first()?;
    let is_constant = others.iter().all(|reward| *reward == first);
    let flat = run.series("frac_reward_zero_std").iter().all(|share| *share == 1.0);
    if rewards.len() < 4 || !is_constant || !flat {
        return None;
    }
    let what = format!("every completion of all {} updates got the reward {first}", rewards.len());
    Some(
        Finding::new("constant reward", what)
            .figure("reward", first)
            .figure("updates", rewards.len() as f64)
            .knob("[[reward]]: is it for this kind of answer? r1 train RECIPE --dry-run scores a right and a wrong one")
            .knob("the reference answers of the data, if no answer is ever right")
            .knob("r1 audit --recipe RECIPE shows what earns it"),
    )
}
