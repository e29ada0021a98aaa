//! Rewards for programs: they run in a cage, and are graded outside of it.
//!
//! [`Sandbox`] isolates, [`Sandbox::judge`] gives a [`Judgement`] about a [`Submission`], and
//! [`CodeReward`] makes a reward of it. `docs/sandbox.md` tells which attack which layer stops.
//!
//! # Invariants
//! - What is expected never enters the cage of the program: outputs and returned values are compared
//!   in this process, and assertions run in another cage, which the program reaches by values only.
//! - Below the minimum of isolation nothing runs, and no verdict and no reward is given.
//! - A program under test is one process; when it ends, nothing of it is left.
//! - The parent is never copied: programs start without a copy of its memory, and their output is read
//!   up to a limit.

mod error;
mod limits;
mod verdict;
mod language;
mod sandbox;
mod cache;
mod compile;
mod checker;
mod value;
mod test_case;
mod judge;
mod suite;
mod reward;
mod bug_fix;

pub use bug_fix::{BugFix, mutants};
pub use checker::Checker;
pub use error::SandboxError;
pub use judge::Submission;
pub use language::Language;
pub use limits::Limits;
pub use reward::{CodeReward, Scheme};
pub use sandbox::{Isolation, Layer, Layers, Sandbox, SandboxReport};
pub use suite::Suite;
pub use test_case::TestCase;
pub use verdict::{Judgement, TestResult, Usage, Verdict};
