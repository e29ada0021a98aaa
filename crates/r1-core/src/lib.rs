//! The vocabulary that every r1 crate speaks, and the traits that others implement.
//!
//! A [`Problem`] has a question and a reference answer, a [`Prompt`] is what the model is shown, a
//! [`Completion`] is what it wrote. [`Generate`] turns the one into the other, a [`Reward`] scores
//! it, a [`ProblemSource`] supplies what comes next. This crate knows no tensor, no tokenizer and no
//! file: whoever writes a reward or a generator depends on it alone.
//!
//! ```
//! use r1_core::{Completion, FinishReason, Outcome, Problem, Reference, Reward, reward_fn};
//!
//! let problem = Problem::new("sum-1", "What is 2 + 2?", Reference::number("4"));
//! let completion = Completion::from_text("<think>2 + 2 = 4</think><answer>4</answer>", FinishReason::Stop);
//! assert_eq!(completion.response().answer, "4");
//!
//! let short = reward_fn("short", |_, completion| (completion.text.len() < 100) as u8 as f32);
//! assert_eq!(short.score(&problem, &completion)?, Outcome::Score(1.0));
//! # Ok::<(), r1_core::RewardError>(())
//! ```
//!
//! # Invariants
//! - Randomness is keyed, never drawn: see [`key`].
//! - A sampled token id is never re-tokenised; [`Completion::ids`] is the truth and its text a rendering.
//! - A bad completion is data: it gets a low score. A bad reference is [`RewardError::Ungradable`], a
//!   failing sandbox or network [`RewardError::World`]. Trouble never becomes a zero.
//! - A score that is not finite never leaves [`score_all()`].

pub mod key;
mod problem;
mod message;
mod prompt;
pub mod template;
mod response;
mod completion;
mod trajectory;
mod generate;
mod loop_guard;
pub mod session;
mod scripted;
mod trace;
mod source;
mod mixture;
mod outcome;
mod reward_error;
mod reward;
mod reward_fn;
mod score_all;
mod steps;

pub use completion::{Completion, FinishReason};
pub use generate::{Generate, GenerateError, Sampling};
pub use key::{Key, KeyedStream};
pub use loop_guard::{LoopGuard, LoopWatch};
pub use message::{Message, Role};
pub use mixture::Mixture;
pub use outcome::{Outcome, Part, Score, StepScore};
pub use problem::{Problem, Reference};
pub use prompt::{Content, Prompt};
pub use response::{FormatError, Response};
pub use reward::{GroupScores, Reward, RewardKind};
pub use reward_error::RewardError;
pub use reward_fn::{IntoOutcome, RewardFn, reward_fn};
pub use score_all::{score_all, score_with_retries};
pub use scripted::ScriptedGenerator;
pub use source::{Cursor, ProblemSource, SourceError, TraceSource, distinct};
pub use steps::steps;
pub use trace::Trace;
pub use trajectory::{Author, Trajectory, Turn, TurnSpan};
