//! The digests of a group.

use std::collections::BTreeMap;

use r1_core::Part;
use serde::{Deserialize, Serialize};

use super::hash::{Hasher, bits};
use crate::{Group, Rollout};

/// A problem and its rollouts in digests; lists have an entry for each sample.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupDigests {
    /// The problem's id.
    pub id: String,
    /// Question, reference and metadata.
    pub problem: String,
    /// Token ids of the prompt.
    pub prompt: String,
    /// Token ids of each completion, and why it ended.
    pub rollouts: Vec<String>,
    /// The sampler's log-probabilities.
    pub logprobs: Vec<String>,
    /// Bits of what each term of the reward said, by its name; a dash where it abstained.
    pub terms: BTreeMap<String, Vec<String>>,
    /// Bits of the rewards, with those of steps behind a colon.
    pub rewards: Vec<String>,
    /// Bits of the advantages, with a digest of those of tokens behind a colon.
    pub advantages: Vec<String>,
}

impl GroupDigests {
    /// The digests of a group that has its advantages.
    pub fn new(group: &Group) -> Self {
        let of_each = |digest: fn(&Rollout) -> String| group.rollouts.iter().map(digest).collect();
        let problem = serde_json::to_vec(&group.problem).unwrap_or_default();
        let mut terms: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for Part { name, outcome } in group.rollouts.iter().flat_map(|rollout| &rollout.parts) {
            terms.entry(name.clone()).or_default().push(bits(outcome.value()));
        }
        Self {
            id: group.problem.id.clone(),
            problem: Hasher::default().bytes(&problem).finish(),
            prompt: Hasher::default().ids(&group.prompt_ids).finish(),
            rollouts: of_each(rollout),
            logprobs: of_each(|rollout| Hasher::default().numbers(&rollout.completion.logprobs).finish()),
            terms,
            rewards: of_each(reward),
            advantages: of_each(advantage),
        }
    }
}

fn rollout(rollout: &Rollout) -> String {
    let finish = serde_json::to_vec(&rollout.completion.finish).unwrap_or_default();
    Hasher::default().ids(&rollout.completion.ids).bytes(&finish).finish()
}

fn reward(rollout: &Rollout) -> String {
    let steps = rollout.steps.iter().map(|step| format!(":{}@{}", bits(Some(step.reward)), step.end));
    bits(rollout.reward) + &steps.collect::<String>()
}

fn advantage(rollout: &Rollout) -> String {
    let whole = bits(Some(rollout.advantage));
    match rollout.token_advantages.as_slice() {
        [] => whole,
        tokens => format!("{whole}:{}", Hasher::default().numbers(tokens).finish()),
    }
}
