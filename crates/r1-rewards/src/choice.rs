//! Multiple choice as a reward of its own.

use r1_core::{Completion, Outcome, Problem, Reference, Reward, RewardError};

use crate::{AccuracyReward, Mode};

/// 1 for the right option and 0 for another or none; abstains on problems that are no multiple choice.
///
/// The answer may be the letter (`B`, `(B)`, `B.`), the letter and the option's own text, or the text alone, from A to J and beyond;
/// see [`chosen`](r1_math::choice::chosen).
///
/// Resists: naming two options, a letter with the text of another option, and a letter that no option has. Does not resist:
/// guessing, which earns 1 in as many cases as there are options.
///
/// # Examples
/// ```
/// use r1_core::{Completion, FinishReason, Outcome, Problem, Reference, Reward};
/// use r1_rewards::ChoiceReward;
///
/// let reference = Reference::Choice { label: 'B', options: vec!["Rome".into(), "Paris".into()] };
/// let problem = Problem::new("capital", "The capital of France?", reference);
/// for (answer, score) in [("B", 1.0), ("(B) Paris", 1.0), ("paris", 1.0), ("A", 0.0), ("B) Rome", 0.0), ("A or B", 0.0)] {
///     let text = format!("<think>Hm.</think><answer>{answer}</answer>");
///     let completion = Completion::from_text(text, FinishReason::Stop);
///     assert_eq!(ChoiceReward::new().score(&problem, &completion)?, Outcome::Score(score), "{answer}");
/// }
/// # Ok::<(), r1_rewards::RewardError>(())
/// ```
///
/// # Source
/// DeepSeek-R1 (arXiv:2501.12948v2), section B.3.1.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct ChoiceReward {
    accuracy: AccuracyReward,
}

impl ChoiceReward {
    /// Reads answers in [`Mode::Strict`].
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads answers in another mode.
    #[must_use]
    pub fn with_mode(self, mode: Mode) -> Self {
        Self { accuracy: self.accuracy.with_mode(mode) }
    }
}

impl Reward for ChoiceReward {
    fn name(&self) -> &str {
        "choice"
    }

    fn score(&self, problem: &Problem, completion: &Completion) -> Result<Outcome, RewardError> {
        match problem.reference {
            Reference::Choice { .. } => self.accuracy.score(problem, completion),
            _ => Ok(Outcome::Abstain),
        }
    }
}
