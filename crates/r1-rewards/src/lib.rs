//! Opinions about completions: verifiable rewards, and the trait to write your own.
//!
//! A [`Reward`] looks at a problem and what the policy wrote and gives an [`Outcome`]: a number, or
//! nothing when the task is not its kind. A [`Rubric`] adds rewards up. This crate knows no tensor and
//! builds in seconds.
//!
//! ```
//! use r1_core::{Completion, FinishReason, Problem, Reference};
//! use r1_rewards::{AccuracyReward, FormatReward, Outcome, Rubric, reward_fn, score_all};
//!
//! let short = reward_fn("short", |_, completion| (completion.text.len() < 100) as u8 as f32);
//! let rubric = Rubric::new()
//!     .with(1.0, AccuracyReward::new())
//!     .with(1.0, FormatReward::r1_zero())
//!     .with(0.5, short);
//!
//! let problem = Problem::new("sum", "What is 2 + 2?", Reference::number("4"));
//! let group = [
//!     Completion::from_text("<think>2 + 2 = 4</think> <answer>4</answer>", FinishReason::Stop),
//!     Completion::from_text("<think>a guess</think> <answer>3 or 4</answer>", FinishReason::Stop),
//! ];
//! for (score, expected) in score_all(&rubric, &[(&problem, &group)]).remove(0).into_iter().zip([2.5, 1.5]) {
//!     assert_eq!(score?.outcome, Outcome::Score(expected));
//! }
//! # Ok::<(), r1_rewards::RewardError>(())
//! ```
//!
//! # Concepts
//! - A bad completion is data: it gets a low score. A bad reference is
//!   [`RewardError::Ungradable`]: its group is dropped. A failing sandbox or network is
//!   [`RewardError::World`]: it is tried again. Trouble never becomes a zero.
//! - [`AccuracyReward`] reads an answer where its [`Mode`] says, never inside the thoughts, and
//!   compares it by [`r1_math::compare`]: numbers exactly, expressions by their values.
//!
//! # Invariants
//! - Text of a model is never handed to an interpreter.
//! - No input can make a reward panic or hang: lengths, depths and exponents are bounded, and there
//!   are no timers. Only [`external`] rewards have one: what they wait for is not ours.
//! - A score that is not finite never leaves [`score_all()`].

pub mod rubric;
pub mod combination;
pub mod format;
pub mod compat;
pub mod accuracy;
pub mod length;
pub mod repetition;
mod loop_guard;
mod choice;
pub mod grading;
pub mod countdown;
pub mod task;
pub mod external;
#[cfg(feature = "language")]
pub mod language;
#[cfg(feature = "instruction")]
pub mod instruction;
#[cfg(feature = "readability")]
mod readability;
mod reflection;
pub mod audit;
#[cfg(feature = "judge")]
pub mod judge;
mod extract;
#[cfg(feature = "code")]
pub mod code;

pub use accuracy::{AccuracyReward, Verdict, grade, grade_with};
pub use choice::ChoiceReward;
#[cfg(feature = "http")]
pub use external::UrlReward;
pub use external::{CommandReward, ExternalError, ExternalSettings};
pub use extract::Mode;
pub use format::FormatReward;
#[cfg(feature = "language")]
pub use language::{Language, LanguageCount, LanguageReward};
pub use loop_guard::LoopReward;
pub use r1_core::{
    GroupScores, IntoOutcome, Outcome, Part, Reward, RewardError, RewardFn, RewardKind, Score, StepScore,
    reward_fn, score_all, score_with_retries,
};
pub use r1_math as math;
#[cfg(feature = "readability")]
pub use readability::{Readability, Unreadable};
pub use reflection::{REFLECTIVE_WORDS, Reflection, reflective_words};
pub use repetition::RepetitionReward;
pub use rubric::Rubric;
pub use task::TaskReward;
