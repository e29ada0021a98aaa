//! What can go wrong around a program. What is wrong with the program is a verdict.

use std::io;

use r1_core::RewardError;

/// Why a program could not be judged. None of these says anything about the program.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SandboxError {
    /// Too few layers of isolation work here, so nothing is run. Run as an ordinary user or as root
    /// on Linux 5.13 or later, let the container allow the Landlock system calls, or ask for
    /// [`Isolation::Weak`](super::Isolation::Weak) and accept what that means.
    #[error(
        "the sandbox is too weak to run model-written code: {missing}; fix the layer or ask for weak isolation"
    )]
    TooWeak {
        /// What is missing and why.
        missing: String,
    },
    /// No sandbox exists for this operating system. Run the code rewards on Linux.
    #[error(
        "model-written code is run on Linux only; on this system ask for weak isolation, which is no cage"
    )]
    UnsupportedSystem,
    /// A step of building the cage failed. The program never ran.
    #[error("the sandbox failed at `{step}`")]
    Cage {
        /// The step.
        step: &'static str,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A compiler or interpreter is missing, or the sandbox user may not read it. Install it, or
    /// name it with the variable.
    #[error("no {language} toolchain the sandbox can use: {reason}; install it, or name it in {variable}")]
    Toolchain {
        /// The language.
        language: &'static str,
        /// What was looked for.
        reason: String,
        /// The environment variable that names the program.
        variable: &'static str,
    },
    /// Test cases that cannot be used with this language or do not parse. Fix the problem.
    #[error("test cases cannot be used: {reason}")]
    Tests {
        /// What is wrong.
        reason: String,
    },
    /// A custom checker failed by itself. Fix the checker.
    #[error("the custom checker failed: {reason}")]
    Checker {
        /// What it said.
        reason: String,
    },
}

impl SandboxError {
    /// A [`SandboxError::Cage`] with what the system said last.
    #[cfg(target_os = "linux")]
    pub(super) fn last_os(step: &'static str) -> Self {
        Self::Cage { step, source: io::Error::last_os_error() }
    }

    /// As the reward error that a trainer handles: bad tests drop the problem, the rest is the world.
    pub fn into_reward_error(self, reward: &str, problem: &str) -> RewardError {
        match self {
            Self::Tests { reason } => {
                RewardError::Ungradable { problem: problem.to_owned(), reference: reason }
            }
            error => RewardError::world(reward, error),
        }
    }
}
