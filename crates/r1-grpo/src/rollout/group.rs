//! Completions sampled for training.

use r1_core::{Completion, Part, Problem, Score};
use serde::{Deserialize, Serialize};

use super::signal::{GroupSignal, group_signal};
use crate::StepReward;

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
    /// What its steps earned, for advantages by token; empty for a reward of the whole.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<StepReward>,
    /// Advantage of each of the completion's tokens; empty when all have [`advantage`](Self::advantage).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub token_advantages: Vec<f32>,
    /// Scores of its tokens in the loss under the policy that sampled it, computed by the trainer. `None` when the
    /// rollout serves one update only, which computes them anyway.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old: Option<TokenScores>,
    /// Log-probability of each token in the loss under the reference, in nats; `None` without reference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference_logprobs: Option<Vec<f32>>,
}

/// Log-probabilities and entropies of the tokens of a completion under a policy.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TokenScores {
    /// Log-probability of each token at the temperature of the rollout, in nats.
    pub logprobs: Vec<f32>,
    /// Entropy of the distribution it was drawn from, in nats.
    pub entropies: Vec<f32>,
}

impl Rollout {
    /// A completion and what it earned. Advantages are given later, when its group is whole.
    pub fn new(completion: Completion, score: Score) -> Self {
        Self {
            completion,
            reward: score.outcome.value(),
            parts: score.parts,
            advantage: 0.0,
            steps: Vec::new(),
            token_advantages: Vec::new(),
            old: None,
            reference_logprobs: None,
        }
    }

    /// The number of its tokens in the loss.
    pub fn trained_tokens(&self) -> usize {
        let completion = &self.completion;
        if completion.turns.is_empty() {
            return completion.ids.len();
        }
        completion.in_loss().into_iter().filter(|&in_loss| in_loss).count()
    }

    /// Whether any token has an advantage.
    pub fn has_advantage(&self) -> bool {
        if self.token_advantages.is_empty() {
            return self.advantage != 0.0;
        }
        self.trained_advantages().iter().any(|&advantage| advantage != 0.0)
    }

    /// The advantage of each token in the loss.
    pub fn trained_advantages(&self) -> Vec<f32> {
        if self.token_advantages.is_empty() {
            return vec![self.advantage; self.trained_tokens()];
        }
        self.of_trained(&self.token_advantages)
    }

    /// The sampler's log-probability of each token in the loss, in nats.
    pub fn sampled_logprobs(&self) -> Vec<f32> {
        self.of_trained(&self.completion.logprobs)
    }

    /// The values, one a token of the completion, of the tokens in the loss.
    fn of_trained(&self, values: &[f32]) -> Vec<f32> {
        let in_loss = self.completion.in_loss();
        values.iter().zip(in_loss).filter_map(|(&value, in_loss)| in_loss.then_some(value)).collect()
    }

    /// True when the limit of tokens cut it off.
    pub fn truncated(&self) -> bool {
        self.completion.finish.is_cut()
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

    /// How many updates the oldest weights that wrote it had had, if anybody says.
    pub fn weights_version(&self) -> Option<u64> {
        self.rollouts.iter().filter_map(|rollout| rollout.completion.weights_version).min()
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
