//! Rewards for programs: they run in a cage, and are graded outside of it.
//!
//! [`Sandbox`] isolates, [`Judge::judge`] gives a [`Judgement`] about a [`Submission`], and
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
mod verdict;
mod language;
mod toolchain;
mod cache;
mod judge;
mod bytecode;
mod compile;
mod checker;
mod value;
mod test_case;
mod judging;
mod suite;
mod fence;
mod reward;
mod or_else;
mod grade;
mod bug_fix;
mod repository;

pub use bug_fix::{BugFix, mutants};
pub use checker::Checker;
pub use error::CodeError;
pub use grade::{Candidate, Grade, ProblemIndex, grade_candidate, in_order};
pub use judge::Judge;
pub use judging::Submission;
pub use language::{Language, LanguageSpec};
pub use or_else::CodeOrElse;
pub use r1_sandbox::{Isolation, Layer, Layers, Limits, Policy, Sandbox, SandboxError, SandboxReport, Usage};
pub use repository::{
    Image, PatchJudgement, ReportFormat, RepositoryReward, RepositoryTask, TestCommand, TestStatus,
};
pub use reward::{CodeReward, Scheme};
pub use suite::Suite;
pub use test_case::TestCase;
pub use verdict::{Judgement, TestResult, Verdict};
