//! Advantages for the rollouts of a batch.

use super::{batch_advantages, gdpo_advantages};
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
    }
}
