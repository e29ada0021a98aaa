//! The trait that every reward implements.

use std::sync::Arc;

use crate::{Completion, Problem};

use crate::{Outcome, RewardError, Score};

/// The results of one group, one for each completion in order.
pub type GroupScores = Vec<Result<Score, RewardError>>;

/// **A type that implements `Reward` is an opinion about a completion.**
///
/// Only [`name`](Reward::name) and [`score`](Reward::score) have to be written. Rewards that compare
/// the completions of a problem with each other override [`score_group`](Reward::score_group), and
/// those that are faster on many at once (a reward model, a judge)
/// [`score_batch`](Reward::score_batch). Training calls [`score_all`](crate::score_all()), which
/// calls `score_batch`, with the groups that are whole by then. A reward that knows more than one number for a
/// completion overrides `score_group` and gives [`Score::steps`].
///
/// A reward sees text and token ids, never a tensor. It must give the same outcome for the same
/// input, or runs cannot be resumed.
///
/// # Examples
/// ```
/// use r1_core::{Completion, FinishReason, Problem, Reference};
/// use r1_core::{Outcome, Reward, RewardError};
///
/// struct Brevity { max_words: usize }
///
/// impl Reward for Brevity {
///     fn name(&self) -> &str { "brevity" }
///     fn score(&self, _: &Problem, completion: &Completion) -> Result<Outcome, RewardError> {
///         let words = completion.response().answer.split_whitespace().count();
///         Ok(Outcome::Score((2.0 - words as f32 / self.max_words as f32).clamp(0.0, 1.0)))
///     }
/// }
///
/// let problem = Problem::new("greet", "Say hello.", Reference::text("hello"));
/// let completion = Completion::from_text("<think>Be brief.</think>Hello!", FinishReason::Stop);
/// assert_eq!(Brevity { max_words: 2 }.score(&problem, &completion)?, Outcome::Score(1.0));
/// # Ok::<(), RewardError>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a reward",
    note = "implement `r1_core::Reward` (`name` and `score`), or wrap a closure: `reward_fn(\"name\", |problem, completion| 1.0)`",
    note = "a reward is shared between threads, so it must be `Send + Sync`"
)]
pub trait Reward: Send + Sync {
    /// The name in reports and errors.
    fn name(&self) -> &str;

    /// The opinion about one completion.
    ///
    /// # Errors
    /// [`RewardError::Ungradable`] when the problem's reference is unusable, [`RewardError::World`]
    /// when something outside failed. A bad completion is not an error but a low score.
    fn score(&self, problem: &Problem, completion: &Completion) -> Result<Outcome, RewardError>;

    /// The opinions about all completions of one problem, in order. Scores each alone unless
    /// overridden.
    fn score_group(&self, problem: &Problem, completions: &[Completion]) -> GroupScores {
        let score = |completion| Ok(self.score(problem, completion)?.finite(self.name())?.into());
        completions.iter().map(score).collect()
    }

    /// The opinions about several groups of a step, in order. Scores each group alone unless overridden.
    ///
    /// Training scores groups while others are still written, so which groups come together is a matter of time: a
    /// group's scores must not depend on the others.
    fn score_batch(&self, groups: &[(&Problem, &[Completion])]) -> Vec<GroupScores> {
        groups.iter().map(|(problem, completions)| self.score_group(problem, completions)).collect()
    }

    /// The kind of its cost: in this process, or waiting for something outside.
    fn kind(&self) -> RewardKind {
        RewardKind::Pure
    }
}

/// The kind of a reward by its cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RewardKind {
    /// It computes, and may share the threads of the computation.
    Pure,
    /// It waits for a network or another process, and gets threads of its own.
    Blocking,
}

macro_rules! forward {
    ($($pointer:ty),*) => {$(
        impl<T: Reward + ?Sized> Reward for $pointer {
            fn name(&self) -> &str {
                (**self).name()
            }

            fn score(&self, problem: &Problem, completion: &Completion) -> Result<Outcome, RewardError> {
                (**self).score(problem, completion)
            }

            fn score_group(&self, problem: &Problem, completions: &[Completion]) -> GroupScores {
                (**self).score_group(problem, completions)
            }

            fn score_batch(&self, groups: &[(&Problem, &[Completion])]) -> Vec<GroupScores> {
                (**self).score_batch(groups)
            }

            fn kind(&self) -> RewardKind {
                (**self).kind()
            }
        }
    )*};
}

forward!(&T, Box<T>, Arc<T>);
