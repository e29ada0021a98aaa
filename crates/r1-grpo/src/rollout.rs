//! Completions sampled for training.

use r1_core::{Completion, FinishReason, Problem};
use r1_rewards::Part;
use serde::{Deserialize, Serialize};

use crate::{GroupSignal, group_signal};

/// A completion sampled for training, with what it earned.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rollout {
    /// What the policy wrote.
    pub completion: Completion,
    /// Its reward; `None` when every reward abstained, and then its advantage is 0.
    pub reward: Option<f32>,
    /// What the reward was made of; empty for a reward that is not made of others.
    pub parts: Vec<Part>,
    /// Its reward compared with its group.
    pub advantage: f32,
    /// What the policy that sampled it says of its tokens, computed by the trainer. `None` when the rollout serves
    /// one update only, which computes it anyway.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old: Option<TokenScores>,
    /// Log-probability of each token under the reference, in nats; `None` without reference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference_logprobs: Option<Vec<f32>>,
}

/// What a policy says of the tokens of a completion.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TokenScores {
    /// Log-probability of each token at the temperature of the rollout, in nats.
    pub logprobs: Vec<f32>,
    /// Entropy of the distribution it was drawn from, in nats.
    pub entropies: Vec<f32>,
}

impl Rollout {
    /// True when the limit of tokens cut it off.
    pub fn truncated(&self) -> bool {
        self.completion.finish == FinishReason::Length
    }
}

/// The rollouts of one problem: what advantages compare.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Group {
    /// What was asked.
    pub problem: Problem,
    /// The prompt as the policy saw it.
    pub prompt_ids: Vec<u32>,
    /// The answers, in the order of their samples.
    pub rollouts: Vec<Rollout>,
}

impl Group {
    /// The rewards in order.
    pub fn rewards(&self) -> Vec<Option<f32>> {
        self.rollouts.iter().map(|rollout| rollout.reward).collect()
    }

    /// Whether the group can teach anything.
    pub fn signal(&self) -> GroupSignal {
        group_signal(&self.rewards())
    }
}

impl AsRef<Group> for Group {
    fn as_ref(&self) -> &Group {
        self
    }
}
