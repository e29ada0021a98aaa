//! Rollouts that wait for their updates.

use std::collections::VecDeque;

use r1_core::Key;
use serde::{Deserialize, Serialize};

use crate::{Group, GrpoConfig};

/// The groups of a rollout, and the mini-batches that are left of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct PendingRollouts {
    pub(crate) groups: Vec<Group>,
    /// Groups of each update to come.
    mini_batches: VecDeque<Vec<usize>>,
    /// Groups of the last update.
    last: Vec<usize>,
    /// What the rollout cost, until an update has reported it.
    pub(crate) cost: RolloutCost,
}

/// What was thrown away to get the groups of a rollout.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct RolloutCost {
    /// Problems that could not be graded.
    pub(crate) ungradable: usize,
    /// Groups without signal that were replaced, or could not be.
    pub(crate) dropped_groups: usize,
    /// How often further problems were drawn.
    pub(crate) refill_rounds: usize,
    /// Problems whose prompts do not fit.
    #[serde(default)]
    pub(crate) long_prompts: usize,
    /// Groups that were written by weights too old.
    #[serde(default)]
    pub(crate) stale_groups: usize,
    /// Limit of tokens of each completion.
    pub(crate) max_tokens: usize,
}

impl PendingRollouts {
    /// Splits groups at random into mini-batches, anew for each epoch. There are fewer mini-batches if there are
    /// fewer groups.
    pub(crate) fn new(groups: Vec<Group>, cost: RolloutCost, config: &GrpoConfig, rollout: u64) -> Self {
        let parts = config.mini_batches_per_rollout.min(groups.len());
        let mut mini_batches = VecDeque::new();
        for epoch in 0..config.inner_epochs {
            let mut order: Vec<usize> = (0..groups.len()).collect();
            let key = Key::new(config.seed).at_step(rollout).for_problem("mini-batches");
            key.for_sample(epoch as u64).stream().shuffle(&mut order);
            let bound = |part: usize| part * groups.len() / parts;
            mini_batches.extend((0..parts).map(|part| order[bound(part)..bound(part + 1)].to_vec()));
        }
        Self { groups, mini_batches, last: Vec::new(), cost }
    }

    /// All groups for one update.
    pub(crate) fn whole(groups: Vec<Group>, cost: RolloutCost) -> Self {
        let mini_batches = [(0..groups.len()).collect()].into();
        Self { groups, mini_batches, last: Vec::new(), cost }
    }

    /// True when problems must be drawn before the next update.
    pub(crate) fn is_empty(&self) -> bool {
        self.mini_batches.is_empty()
    }

    /// The groups of the next update.
    pub(crate) fn next(&self) -> Vec<&Group> {
        self.mini_batches.front().into_iter().flatten().map(|&index| &self.groups[index]).collect()
    }

    /// The next update was made.
    pub(crate) fn advance(&mut self) {
        self.last = self.mini_batches.pop_front().unwrap_or_default();
        self.cost = RolloutCost { max_tokens: self.cost.max_tokens, ..RolloutCost::default() };
    }

    /// The groups of the last update.
    pub(crate) fn last(&self) -> impl Iterator<Item = &Group> {
        self.last.iter().map(|&index| &self.groups[index])
    }
}
