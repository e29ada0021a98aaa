//! Why a step taught nothing.

use std::collections::BTreeMap;

use r1_core::FinishReason;

use crate::{Group, GroupSignal, Rollout};

/// One sentence on why these groups teach nothing; `None` if any of them does.
///
/// # Source
/// The causes are those that users of other trainers report most: truncation, an answer that no reward finds, and
/// problems that are too hard or too easy.
pub fn diagnosis<G: AsRef<Group>>(groups: &[G]) -> Option<String> {
    let groups = || groups.iter().map(AsRef::as_ref);
    if groups().any(|group| group.signal() == GroupSignal::Mixed) {
        return None;
    }
    let rollouts: Vec<&Rollout> = groups().flat_map(|group| &group.rollouts).collect();
    let count = rollouts.len();
    if count == 0 {
        return Some("there is no completion: no problem could be graded".into());
    }
    let graded: Vec<f32> = rollouts.iter().filter_map(|rollout| rollout.reward).collect();
    let Some(&first) = graded.first() else {
        return Some(format!(
            "every reward abstained on all {count} completions; is it for this kind of task?"
        ));
    };
    let earned = if graded.iter().all(|reward| *reward == first) {
        format!("all {count} completions got {first}")
    } else {
        format!(
            "the {count} completions of {} groups got the same reward within each group",
            groups().count()
        )
    };
    let mut causes: BTreeMap<usize, (&str, usize)> = BTreeMap::new();
    for rollout in &rollouts {
        if let Some((rank, cause)) = cause(rollout) {
            causes.entry(rank).or_insert((cause, 0)).1 += 1;
        }
    }
    let causes: Vec<String> = causes.values().map(|(cause, count)| format!("{count} {cause}")).collect();
    Some(if causes.is_empty() { earned } else { format!("{earned}: {}", causes.join(", ")) })
}

fn cause(rollout: &Rollout) -> Option<(usize, &'static str)> {
    let completion = &rollout.completion;
    match completion.finish {
        _ if rollout.reward.is_none() => Some((3, "without a grade")),
        FinishReason::Length => Some((0, "truncated")),
        FinishReason::Loop => Some((4, "caught in a loop")),
        _ if completion.text.trim().is_empty() => Some((1, "empty")),
        _ if completion.response().answer.is_empty() => Some((2, "without an answer")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use r1_core::{Completion, Problem, Reference};

    use super::*;

    fn group(rollouts: &[(&str, FinishReason, Option<f32>)]) -> Group {
        let rollouts = rollouts.iter().map(|(text, finish, reward)| Rollout {
            completion: Completion::from_text(*text, *finish),
            reward: *reward,
            parts: Vec::new(),
            advantage: 0.0,
            steps: Vec::new(),
            token_advantages: Vec::new(),
            old: None,
            reference_logprobs: None,
        });
        let problem = Problem::new("p", "?", Reference::number("1"));
        Group { problem, prompt_ids: vec![1], rollouts: rollouts.collect() }
    }

    #[test]
    fn each_planted_fault_is_named() {
        use FinishReason::{Length, Stop};
        let cut = ("<think>so", Length, Some(0.0));
        let silent = ("<think>so", Stop, Some(0.0));
        let wrong = ("<think>so</think>2", Stop, Some(0.0));
        assert_eq!(
            diagnosis(&[group(&[cut, cut]), group(&[cut, silent])]).unwrap(),
            "all 4 completions got 0: 3 truncated, 1 without an answer"
        );
        assert_eq!(diagnosis(&[group(&[wrong, wrong])]).unwrap(), "all 2 completions got 0");
        let right = ("<think>so</think>1", Stop, Some(1.0));
        let uneven = diagnosis(&[group(&[right, right]), group(&[wrong, wrong])]).unwrap();
        assert_eq!(uneven, "the 4 completions of 2 groups got the same reward within each group");
        let foreign = ("hello", Stop, None);
        assert!(
            diagnosis(&[group(&[foreign, foreign])]).unwrap().starts_with("every reward abstained on all 2")
        );
        assert_eq!(diagnosis(&[group(&[right, wrong]), group(&[cut, cut])]), None);
        assert!(diagnosis::<Group>(&[]).unwrap().contains("no problem could be graded"));
    }
}
