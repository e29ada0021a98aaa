//! A closure as a reward.

use std::fmt;

use crate::{Completion, Problem};

use crate::{Outcome, Reward, RewardError};

/// Makes a reward of a closure that never abstains and never fails.
///
/// A NaN or an infinity from the closure is a [`RewardError::NotFinite`] that names the reward.
///
/// # Examples
/// ```
/// use r1_core::{Completion, FinishReason, Problem, Reference};
/// use r1_core::{Outcome, Reward, reward_fn};
///
/// let polite = reward_fn("polite", |_, completion| completion.text.contains("please") as u8 as f32);
/// let problem = Problem::new("ask", "Ask for water.", Reference::text("water"));
/// let completion = Completion::from_text("Water, please.", FinishReason::Stop);
/// assert_eq!(polite.score(&problem, &completion)?, Outcome::Score(1.0));
/// # Ok::<(), r1_core::RewardError>(())
/// ```
pub fn reward_fn<F>(name: impl Into<String>, function: F) -> RewardFn<F>
where
    F: Fn(&Problem, &Completion) -> f32 + Send + Sync,
{
    RewardFn { name: name.into(), function }
}

/// A closure with a name; made by [`reward_fn`].
#[derive(Clone)]
pub struct RewardFn<F> {
    name: String,
    function: F,
}

impl<F> Reward for RewardFn<F>
where
    F: Fn(&Problem, &Completion) -> f32 + Send + Sync,
{
    fn name(&self) -> &str {
        &self.name
    }

    fn score(&self, problem: &Problem, completion: &Completion) -> Result<Outcome, RewardError> {
        Outcome::Score((self.function)(problem, completion)).finite(&self.name)
    }
}

impl<F> fmt::Debug for RewardFn<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RewardFn").field("name", &self.name).finish_non_exhaustive()
    }
}
