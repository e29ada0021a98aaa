//! A closure as a reward.

use std::fmt;

use crate::{Completion, Outcome, Problem, Reward, RewardError};

/// Makes a reward of a closure that gives a number, an [`Outcome`], or a `Result` of one.
///
/// A NaN or an infinity from the closure is a [`RewardError::NotFinite`] that names the reward. A closure that can
/// fail says [`RewardError::Ungradable`] where the problem is at fault and [`RewardError::World`] where something
/// outside is; a bad completion is a low number.
///
/// # Examples
/// ```
/// use r1_core::{Completion, FinishReason, Problem, Reference};
/// use r1_core::{Outcome, Reward, RewardError, reward_fn};
///
/// let polite = reward_fn("polite", |_, completion| completion.text.contains("please") as u8 as f32);
/// let problem = Problem::new("ask", "Ask for water.", Reference::text("water"));
/// let completion = Completion::from_text("Water, please.", FinishReason::Stop);
/// assert_eq!(polite.score(&problem, &completion)?, Outcome::Score(1.0));
///
/// let length = reward_fn("length", |problem, completion| {
///     let Reference::Text { text } = &problem.reference else { return Ok(Outcome::Abstain) };
///     let limit: usize = text.parse().map_err(|_| RewardError::Ungradable {
///         problem: problem.id.clone(),
///         reference: text.clone(),
///     })?;
///     Ok(Outcome::of(completion.text.len() < limit))
/// });
/// assert!(length.score(&problem, &completion).is_err());
/// # Ok::<(), r1_core::RewardError>(())
/// ```
pub fn reward_fn<F, R>(name: impl Into<String>, function: F) -> RewardFn<F>
where
    F: Fn(&Problem, &Completion) -> R + Send + Sync,
    R: IntoOutcome,
{
    RewardFn { name: name.into(), function }
}

/// The result of a reward's closure: a number, an [`Outcome`], or a `Result` of an outcome.
pub trait IntoOutcome {
    /// The outcome or the error that it stands for.
    ///
    /// # Errors
    /// The error that it holds.
    fn into_outcome(self) -> Result<Outcome, RewardError>;
}

impl IntoOutcome for f32 {
    fn into_outcome(self) -> Result<Outcome, RewardError> {
        Ok(Outcome::Score(self))
    }
}

impl IntoOutcome for Outcome {
    fn into_outcome(self) -> Result<Outcome, RewardError> {
        Ok(self)
    }
}

impl IntoOutcome for Result<Outcome, RewardError> {
    fn into_outcome(self) -> Result<Outcome, RewardError> {
        self
    }
}

/// A closure with a name; made by [`reward_fn`].
#[derive(Clone)]
pub struct RewardFn<F> {
    name: String,
    function: F,
}

impl<F, R> Reward for RewardFn<F>
where
    F: Fn(&Problem, &Completion) -> R + Send + Sync,
    R: IntoOutcome,
{
    fn name(&self) -> &str {
        &self.name
    }

    fn score(&self, problem: &Problem, completion: &Completion) -> Result<Outcome, RewardError> {
        (self.function)(problem, completion).into_outcome()?.finite(&self.name)
    }
}

impl<F> fmt::Debug for RewardFn<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RewardFn").field("name", &self.name).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use crate::{FinishReason, Reference};

    use super::*;

    #[test]
    fn a_closure_gives_a_number_an_outcome_or_a_result() {
        let problem = Problem::new("p", "Say hello.", Reference::text("hello"));
        let completion = Completion::from_text("hello", FinishReason::Stop);
        let score = |reward: &dyn Reward| reward.score(&problem, &completion);
        assert_eq!(score(&reward_fn("one", |_, _| 1.0)).unwrap(), Outcome::Score(1.0));
        assert_eq!(score(&reward_fn("none", |_, _| Outcome::Abstain)).unwrap(), Outcome::Abstain);
        assert_eq!(score(&reward_fn("right", |_, _| Ok(Outcome::of(true)))).unwrap(), Outcome::Score(1.0));
        let down =
            reward_fn("down", |_, _| Err(RewardError::world("down", std::io::Error::other("no answer"))));
        assert!(matches!(score(&down), Err(RewardError::World { .. })));
        for value in [f32::NAN, f32::INFINITY] {
            let odd = reward_fn("odd", move |_, _| Ok(Outcome::Score(value)));
            assert!(matches!(score(&odd), Err(RewardError::NotFinite { .. })));
        }
    }
}
