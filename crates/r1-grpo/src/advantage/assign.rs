//! Advantages for the rollouts of a batch.

use super::{batch_advantages, gdpo_advantages, process_advantages};
use crate::{Group, GrpoConfig, Rollout};

/// Gives every rollout its advantage.
pub(crate) fn assign_advantages(groups: &mut [Group], config: &GrpoConfig) {
    let advantages = match &config.term_weights {
        None => {
            let rewards: Vec<Vec<Option<f32>>> = groups.iter().map(Group::rewards).collect();
            batch_advantages(&rewards, &config.advantage)
        }
        Some(weights) => {
            let terms = |rollout: &Rollout| -> Vec<Option<f32>> {
                let term =
                    |name: &String| rollout.parts.iter().find(|part| part.name == *name)?.outcome.value();
                weights.keys().map(term).collect()
            };
            let terms: Vec<Vec<_>> =
                groups.iter().map(|group| group.rollouts.iter().map(terms).collect()).collect();
            gdpo_advantages(&terms, &weights.values().copied().collect::<Vec<_>>(), &config.advantage)
        }
    };
    for (group, advantages) in groups.iter_mut().zip(advantages) {
        for (rollout, advantage) in group.rollouts.iter_mut().zip(advantages) {
            rollout.advantage = advantage;
        }
        add_steps(group, config);
    }
}

/// Where a reward scored steps, every token gets the advantage of the whole and those of the steps that it is answerable
/// for. A reward that abstained on the whole leaves those of the steps alone, as in DeepSeekMath.
fn add_steps(group: &mut Group, config: &GrpoConfig) {
    if group.rollouts.iter().all(|rollout| rollout.steps.is_empty()) {
        return;
    }
    let steps: Vec<_> = group.rollouts.iter().map(|rollout| rollout.steps.clone()).collect();
    let lengths: Vec<usize> = group.rollouts.iter().map(|rollout| rollout.completion.ids.len()).collect();
    let by_token = process_advantages(&steps, &lengths, &config.advantage);
    for (rollout, mut tokens) in group.rollouts.iter_mut().zip(by_token) {
        tokens.iter_mut().for_each(|token| *token += rollout.advantage);
        rollout.token_advantages = tokens;
    }
}
