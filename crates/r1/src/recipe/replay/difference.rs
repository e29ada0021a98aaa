//! What can differ between an update and the same update made again.

use serde::Serialize;

/// Something that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The update.
    pub step: u64,
    /// What it is.
    pub kind: DifferenceKind,
    /// Where it was recorded: a file or folder of the run.
    pub file: String,
    /// Which of its kind: a parameter's path, a term of the reward, a field.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The problem's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// Which completion of the problem, from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sample: Option<usize>,
    /// What the run recorded: a value, or the digest of one.
    pub recorded: String,
    /// What it is now.
    pub replayed: String,
    /// `false` for a reward that says something else of the same completion each time it is asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deterministic: Option<bool>,
}

/// What differs, in the order in which an update makes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum DifferenceKind {
    /// Which problem was drawn, or what it says.
    Problem,
    /// The tokens of a prompt.
    Prompt,
    /// The tokens of a completion.
    Rollout,
    /// The sampler's log-probabilities of a completion.
    Logprobs,
    /// What a completion earned.
    Reward,
    /// Its advantage.
    Advantage,
    /// The loss.
    Loss,
    /// The gradient of a parameter.
    Gradient,
    /// Another figure of `metrics.jsonl`.
    Metric,
    /// A weight after the update.
    Weights,
    /// The optimizer's moments of a parameter after the update.
    Moments,
}

impl Difference {
    /// The earliest: by update, then by kind, then in the order of the list.
    pub(super) fn first(all: Vec<Self>) -> Option<Self> {
        all.into_iter().min_by_key(|difference| (difference.step, difference.kind))
    }

    /// A difference of a whole update.
    pub(super) fn new(
        step: u64,
        kind: DifferenceKind,
        file: &str,
        recorded: impl Into<String>,
        replayed: impl Into<String>,
    ) -> Self {
        Self {
            step,
            kind,
            file: file.to_owned(),
            name: None,
            problem: None,
            sample: None,
            recorded: recorded.into(),
            replayed: replayed.into(),
            deterministic: None,
        }
    }

    pub(super) fn named(self, name: &str) -> Self {
        Self { name: Some(name.to_owned()), ..self }
    }

    pub(super) fn of_problem(self, id: &str) -> Self {
        Self { problem: Some(id.to_owned()), ..self }
    }

    pub(super) fn of_sample(self, sample: usize) -> Self {
        Self { sample: Some(sample), ..self }
    }
}
