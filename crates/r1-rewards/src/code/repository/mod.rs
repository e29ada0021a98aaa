//! Rewards for software engineering: a patch of a repository, judged by the repository's own tests.
//!
//! A [`RepositoryTask`] is a folder, commands that run its tests, and the names of the tests that a right patch
//! makes pass or keeps passing. [`Judge::judge_patch`](super::Judge::judge_patch) applies a patch to a copy of the
//! folder in a box of the cage, puts the task's own files over it, and runs the commands.
//!
//! Unlike the other judges this one runs the tests in the program's cage, because that is where tests of a
//! repository run: a patch that is written to forge a report can earn what it does not deserve. The task's own files
//! cannot be changed by it, nor can anything outside of the box.

mod image;
mod patch;
mod report;
mod task;
mod judging;
mod reward;

pub use image::Image;
pub use judging::PatchJudgement;
pub use report::{ReportFormat, TestStatus};
pub use reward::RepositoryReward;
pub use task::{RepositoryTask, TestCommand};
