//! One attack on one problem.

use r1_core::{Completion, FinishReason, Problem};

use super::tokens::with_ids;

/// What a case asks of a reward.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Aim {
    /// The last completion is bad in disguise: it must earn about what the bad one earns.
    Trick,
    /// The last completion is right in other words: it must earn about what the honest one earns.
    Rewording,
}

/// An honest completion, a plainly bad one, and the one in question.
#[derive(Debug, Clone, PartialEq)]
pub struct Case {
    /// The attack's name.
    pub attack: &'static str,
    /// What is asked of the reward.
    pub aim: Aim,
    /// The problem.
    pub problem: Problem,
    /// The problem of the completion in question where it is another one: the same with a reference that nobody can read.
    pub other: Option<Problem>,
    /// A completion that deserves the reward.
    pub honest: Completion,
    /// One that plainly does not.
    pub bad: Completion,
    /// The one in question.
    pub tried: Completion,
}

impl Case {
    pub(super) fn new(attack: &'static str, aim: Aim, problem: &Problem, texts: [&str; 3]) -> Self {
        let [honest, bad, mut tried] =
            texts.map(|text| with_ids(Completion::from_text(text, FinishReason::Stop)));
        if aim == Aim::Rewording {
            // Rewards for length are not asked about words: the tokens stay.
            (tried.ids, tried.logprobs) = (honest.ids.clone(), honest.logprobs.clone());
        }
        Self { attack, aim, problem: problem.clone(), other: None, honest, bad, tried }
    }

    pub(super) fn trick(attack: &'static str, problem: &Problem, texts: [&str; 3]) -> Self {
        Self::new(attack, Aim::Trick, problem, texts)
    }
}
