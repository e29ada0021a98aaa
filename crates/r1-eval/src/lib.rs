//! Evaluation of a writer: many samples of every problem, graded and counted.
//!
//! [`evaluate()`] asks anything that implements [`Generate`](r1_core::Generate), grades with any
//! [`Reward`](r1_rewards::Reward), and returns an [`EvalReport`] with pass@1 and its standard error,
//! the unbiased [`pass_at_k()`], the majority vote and what the completions looked like. It needs no
//! tensor library.
//!
//! ```
//! use r1_core::{Problem, Reference, ScriptedGenerator};
//! use r1_eval::{EvalConfig, evaluate};
//! use r1_rewards::AccuracyReward;
//!
//! let problems = [Problem::new("sum-1", "What is 2 + 2?", Reference::number("4"))];
//! let mut writer = ScriptedGenerator::replay([
//!     "<think>2 + 2 = 4</think> <answer>4</answer>",
//!     "<think>a guess</think> <answer>5</answer>",
//! ]);
//! let report = evaluate(&mut writer, &problems, &AccuracyReward::new(), &EvalConfig::new().with_samples(2))?;
//! assert_eq!(report.pass_at(1), 0.5);
//! assert_eq!(report.pass_at(2), 1.0);
//! # Ok::<(), r1_eval::EvalError>(())
//! ```
//!
//! [`compare()`] tells whether one evaluation is better than another on the same problems, and
//! [`Benchmark`] has the settings of the usual ones.
//!
//! # Concepts
//! - The unit of every mean is the problem, not the sample: samples of one problem are not
//!   independent, so standard errors are taken over the problems' own means.
//! - A completion is correct when its score reaches [`EvalConfig::correct_at`].
//! - A problem whose reference is bad, or on which the reward abstains, leaves every mean and is
//!   counted; it never becomes a zero.
//!
//! # Invariants
//! - Randomness comes from `Key::new(seed).for_problem(id)` alone, so neither the order of the
//!   problems nor the chunk size changes a sample.

pub mod pass_at_k;
pub mod consensus;
pub mod confidence;
pub mod config;
pub mod evaluate;
mod journal;
pub mod graded_sample;
pub mod lengths;
pub mod breakdown;
pub mod report;
pub mod sign_test;
pub mod compare;
pub mod benchmark;
pub mod error;

pub use benchmark::{BENCHMARKS, Benchmark};
pub use breakdown::{Breakdown, BreakdownRow};
pub use compare::{Comparison, Flip, compare};
pub use confidence::{Estimate, bootstrap, estimate};
pub use config::{EvalConfig, SameAnswer};
pub use consensus::{Vote, consensus_at_k, majority};
pub use error::EvalError;
pub use evaluate::{EvalProgress, evaluate, evaluate_into, evaluate_with};
pub use graded_sample::GradedSample;
pub use journal::Journal;
pub use lengths::Lengths;
pub use pass_at_k::pass_at_k;
pub use report::{EvalReport, ProblemResult};
pub use sign_test::sign_test;
