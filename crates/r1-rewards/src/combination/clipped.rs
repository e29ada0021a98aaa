//! A term within bounds.

use r1_core::{Completion, GroupScores, Outcome, Problem, Reward, RewardError, RewardKind, Score};

/// A reward whose scores are brought into an interval; abstentions and errors stay.
///
/// Resists: single completions that a reward model finds fabulous. Does not resist: slow drift within the bounds.
///
/// # Examples
/// ```
/// use r1_core::{Completion, FinishReason, Outcome, Problem, Reference, Reward, reward_fn};
/// use r1_rewards::combination::Clipped;
///
/// let length = Clipped::new(reward_fn("length", |_, completion| completion.text.len() as f32), -1.0, 3.0);
/// let problem = Problem::new("p", "?", Reference::text("a"));
/// assert_eq!(length.score(&problem, &Completion::from_text("abcdef", FinishReason::Stop))?, Outcome::Score(3.0));
/// # Ok::<(), r1_rewards::RewardError>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Clipped<R> {
    reward: R,
    low: f32,
    high: f32,
}

impl<R: Reward> Clipped<R> {
    /// The reward between `low` and `high`.
    ///
    /// # Panics
    /// When a bound is NaN or `low` is above `high`.
    pub fn new(reward: R, low: f32, high: f32) -> Self {
        assert!(
            low <= high,
            "the bounds of `{}` are {low} and {high}; the first must not be above the second",
            reward.name()
        );
        Self { reward, low, high }
    }

    fn clip(&self, outcome: Outcome) -> Result<Outcome, RewardError> {
        // A NaN is an error of the reward's, not a bound.
        let finite = outcome.finite(self.name())?;
        Ok(finite.value().map(|value| value.clamp(self.low, self.high)).into())
    }

    fn clip_group(&self, scores: GroupScores) -> GroupScores {
        scores
            .into_iter()
            .map(|score| score.and_then(|score| Ok(Score { outcome: self.clip(score.outcome)?, ..score })))
            .collect()
    }
}

impl<R: Reward> Reward for Clipped<R> {
    fn name(&self) -> &str {
        self.reward.name()
    }

    fn score(&self, problem: &Problem, completion: &Completion) -> Result<Outcome, RewardError> {
        self.clip(self.reward.score(problem, completion)?)
    }

    fn score_group(&self, problem: &Problem, completions: &[Completion]) -> GroupScores {
        self.clip_group(self.reward.score_group(problem, completions))
    }

    fn score_batch(&self, groups: &[(&Problem, &[Completion])]) -> Vec<GroupScores> {
        self.reward.score_batch(groups).into_iter().map(|scores| self.clip_group(scores)).collect()
    }

    fn kind(&self) -> RewardKind {
        self.reward.kind()
    }
}
