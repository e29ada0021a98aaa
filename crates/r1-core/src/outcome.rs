//! Outcomes and scores: a reward's result for one completion.

use serde::{Deserialize, Serialize};

use crate::RewardError;

/// A reward's opinion about one completion: a number, or none.
///
/// Abstaining is not a zero. A zero says that the completion is bad; `Abstain` says that the reward
/// does not know this kind of task, and the completion then leaves every mean.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(into = "Option<f32>", from = "Option<f32>")]
pub enum Outcome {
    /// The reward, usually in `[0, 1]`; always finite once it left [`Reward::score_group`](crate::Reward::score_group).
    Score(f32),
    /// Not this reward's kind of task. Written as `null`.
    Abstain,
}

impl Outcome {
    /// 1 when `right`, else 0.
    pub fn of(right: bool) -> Self {
        Self::Score(if right { 1.0 } else { 0.0 })
    }

    /// The number, if there is one.
    pub fn value(self) -> Option<f32> {
        self.into()
    }

    /// The same outcome, after a check that its number is finite. `reward` names who gave it.
    ///
    /// Rewards that override [`Reward::score_group`](crate::Reward::score_group) or
    /// [`Reward::score_batch`](crate::Reward::score_batch) call it on what they return.
    ///
    /// # Errors
    /// [`RewardError::NotFinite`] for NaN and the infinities.
    pub fn finite(self, reward: &str) -> Result<Self, RewardError> {
        match self {
            Self::Score(value) if !value.is_finite() => {
                Err(RewardError::NotFinite { reward: reward.to_owned(), value })
            }
            outcome => Ok(outcome),
        }
    }
}

impl From<Outcome> for Option<f32> {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Score(value) => Some(value),
            Outcome::Abstain => None,
        }
    }
}

impl From<Option<f32>> for Outcome {
    fn from(value: Option<f32>) -> Self {
        value.map_or(Self::Abstain, Self::Score)
    }
}

/// A completion's reward with its parts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Score {
    /// The value that training uses.
    pub outcome: Outcome,
    /// Its terms before weighting; empty for a reward that is not made of others.
    pub parts: Vec<Part>,
    /// What single steps or turns of the completion earned, in any order; empty for a reward of the whole.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<StepScore>,
}

/// What one step of a completion earned, as process rewards say it.
///
/// Training answers the tokens up to its end with it, see DeepSeekMath (arXiv:2402.03300v3), section 4.1.3.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StepScore {
    /// Where the step ends: the byte of the completion's text behind it.
    pub end: usize,
    /// What it earned.
    pub reward: f32,
}

impl Score {
    /// The same score with what its steps earned.
    pub fn with_steps(self, steps: Vec<StepScore>) -> Self {
        Self { steps, ..self }
    }

    /// The same score, after a check that all its numbers are finite. `reward` names who gave it.
    ///
    /// # Errors
    /// [`RewardError::NotFinite`] for NaN and the infinities.
    pub fn finite(self, reward: &str) -> Result<Self, RewardError> {
        self.outcome.finite(reward)?;
        match self.steps.iter().find(|step| !step.reward.is_finite()) {
            Some(step) => Err(RewardError::NotFinite { reward: reward.to_owned(), value: step.reward }),
            None => Ok(self),
        }
    }
}

impl From<Outcome> for Score {
    /// A score without parts and steps.
    fn from(outcome: Outcome) -> Self {
        Self { outcome, parts: Vec::new(), steps: Vec::new() }
    }
}

/// One term of a [`Score`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Part {
    /// The term's name; a term of a nested rubric is `outer/inner`.
    pub name: String,
    /// The term's outcome, without its weight.
    pub outcome: Outcome,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outcome_is_a_number_or_null_in_json() {
        let part = Part { name: "accuracy".into(), outcome: Outcome::Score(0.5) };
        let score = Score { outcome: Outcome::Abstain, parts: vec![part], steps: Vec::new() };
        let json = serde_json::to_string(&score).unwrap();
        assert_eq!(json, r#"{"outcome":null,"parts":[{"name":"accuracy","outcome":0.5}]}"#);
        assert_eq!(serde_json::from_str::<Score>(&json).unwrap(), score);
    }

    #[test]
    fn numbers_that_are_not_finite_are_refused() {
        for value in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            let error = Outcome::Score(value).finite("odd").unwrap_err();
            assert!(matches!(&error, RewardError::NotFinite { reward, .. } if reward == "odd"), "{error}");
        }
        assert_eq!(Outcome::Abstain.finite("odd").unwrap(), Outcome::Abstain);
    }
}
