//! What can go wrong around a program. What is wrong with the program is a verdict.

use r1_core::RewardError;
use r1_sandbox::SandboxError;

/// Why a program could not be judged. None of these says anything about the program.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CodeError {
    /// The sandbox failed. The program never ran.
    #[error(transparent)]
    Sandbox(#[from] SandboxError),
    /// A compiler or interpreter is missing, or the sandbox user may not read it. Install it, or
    /// name it with the variable.
    #[error("no {language} toolchain the sandbox can use: {reason}; install it, or name it in {variable}")]
    Toolchain {
        /// The language.
        language: String,
        /// What was looked for.
        reason: String,
        /// The environment variable that names the program.
        variable: String,
    },
    /// Test cases that cannot be used with this language or do not parse. Fix the problem.
    #[error("test cases cannot be used: {reason}")]
    Tests {
        /// What is wrong.
        reason: String,
    },
    /// The problem's own checker or interactor failed, so that nothing is known. Fix it.
    #[error("the checker of the problem failed: {reason}")]
    Checker {
        /// What it said.
        reason: String,
    },
}

impl CodeError {
    /// A [`CodeError::Tests`].
    pub(crate) fn tests(reason: impl Into<String>) -> Self {
        Self::Tests { reason: reason.into() }
    }

    /// As the reward error that a trainer handles: bad tests and checkers drop the problem, the rest is
    /// the world. No completion causes the latter.
    pub fn into_reward_error(self, reward: &str, problem: &str) -> RewardError {
        match self {
            Self::Tests { reason } | Self::Checker { reason } => {
                RewardError::Ungradable { problem: problem.to_owned(), reference: reason }
            }
            error => RewardError::world(reward, error),
        }
    }
}
