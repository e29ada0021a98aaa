//! Errors of an evaluation.

use r1_core::GenerateError;
use r1_data::DataError;
use r1_rewards::RewardError;
use r1_run::RunError;

/// Errors of an evaluation.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EvalError {
    /// There is no problem to evaluate. Check the data set and any filter or limit.
    #[error("there are no problems to evaluate; check the data set, its filters and the limit")]
    Empty,
    /// Two problems have the same id, so they would be sampled with the same random numbers.
    #[error("two problems have the id `{id}`; give each its own")]
    DuplicateId {
        /// The id.
        id: String,
    },
    /// A setting is out of range.
    #[error("evaluation: {field} is {value}; expected {expected}")]
    Setting {
        /// The setting's name.
        field: &'static str,
        /// Its value.
        value: String,
        /// Its allowed values.
        expected: &'static str,
    },
    /// pass@k needs at least k samples of every problem, and no more can be correct than there are.
    #[error("pass@{k} cannot be told from {correct} correct of {samples} samples; take at least {k} samples")]
    PassAtK {
        /// Number of samples.
        samples: usize,
        /// Number of correct ones.
        correct: usize,
        /// Number of tries that pass@k grants.
        k: usize,
    },
    /// cons@k needs at least k samples of every problem.
    #[error(
        "cons@{k} cannot be told from {samples} samples; take at least {k} samples, and one vote or more"
    )]
    ConsensusAtK {
        /// Number of samples.
        samples: usize,
        /// Number of those that vote.
        k: usize,
    },
    /// The writer gave another number of completions than it was asked for. It has a bug.
    #[error("the generator gave {got} {what} for {expected}; it must answer each once, in order")]
    Count {
        /// The unit of the counts: groups or completions.
        what: &'static str,
        /// Number asked for.
        expected: usize,
        /// Number received.
        got: usize,
    },
    /// Not one problem could be graded, so there is nothing to take a mean of.
    #[error(
        "none of {problems} problems could be graded ({ungradable} have a bad reference, the reward \
         `{reward}` abstained on {abstained}); check that the reward fits the data set"
    )]
    NothingGraded {
        /// Number of problems.
        problems: usize,
        /// Those whose reference is unusable.
        ungradable: usize,
        /// Those that the reward does not know.
        abstained: usize,
        /// The reward's name.
        reward: String,
    },
    /// A completion stands twice in one evaluation's samples, as when two files were put together.
    #[error("sample {sample} of problem `{id}` is there twice; compare one evaluation's samples at a time")]
    DuplicateSample {
        /// The problem's id.
        id: String,
        /// The completion's place.
        sample: usize,
    },
    /// Two problems with one id differ, so the evaluations were not of the same data.
    #[error("problem `{id}` has two questions or references; compare evaluations of the same data")]
    OtherProblem {
        /// The id.
        id: String,
    },
    /// There is no problem to compare two evaluations on.
    #[error(
        "no problem was graded on both sides ({a} and {b} problems, {ungraded} of them shared but \
         ungraded); compare evaluations of the same data"
    )]
    NothingShared {
        /// Number of problems of the first.
        a: usize,
        /// Number of problems of the second.
        b: usize,
        /// Number of problems that both have and at least one could not grade.
        ungraded: usize,
    },
    /// A file of samples cannot be read.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The journal cannot be read or written.
    #[error(transparent)]
    Run(#[from] RunError),
    /// The writer failed.
    #[error(transparent)]
    Generate(#[from] GenerateError),
    /// The reward failed for a reason that lies outside the completions.
    #[error(transparent)]
    Reward(#[from] RewardError),
}
