//! Rollouts as rows of a log.

use std::collections::BTreeMap;

use r1_core::FinishReason;
use serde::Serialize;

use crate::Group;

/// One rollout as a line of `samples.jsonl`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RolloutRow {
    /// The update that used it.
    pub step: u64,
    /// The problem's id.
    pub id: String,
    /// Which of the group's completions it is, from 0.
    pub sample: usize,
    /// What was asked.
    pub question: String,
    /// What the policy wrote.
    pub completion: String,
    /// Its length in tokens.
    pub tokens: usize,
    /// Why it ended.
    pub finish: FinishReason,
    /// Its reward; `null` when every reward abstained.
    pub reward: Option<f32>,
    /// The terms of the reward, without weights.
    pub rewards: BTreeMap<String, Option<f32>>,
    /// Its advantage.
    pub advantage: f32,
}

impl RolloutRow {
    /// The rows of a group.
    pub fn of_group(step: u64, group: &Group) -> Vec<Self> {
        let row = |(sample, rollout): (usize, &crate::Rollout)| Self {
            step,
            id: group.problem.id.clone(),
            sample,
            question: group.problem.question.clone(),
            completion: rollout.completion.text.clone(),
            tokens: rollout.completion.ids.len(),
            finish: rollout.completion.finish,
            reward: rollout.reward,
            rewards: rollout.parts.iter().map(|part| (part.name.clone(), part.outcome.value())).collect(),
            advantage: rollout.advantage,
        };
        group.rollouts.iter().enumerate().map(row).collect()
    }
}
