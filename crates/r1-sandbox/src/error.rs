//! What can go wrong around a program. What is wrong with the program is its [`Execution`](crate::Execution).

use std::io;

/// Why a program could not be run. None of these says anything about the program.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SandboxError {
    /// Too few layers of isolation work here, so nothing is run. Run as an ordinary user or as root
    /// on Linux 5.13 or later, let the container allow the Landlock system calls, or ask for
    /// [`Isolation::Weak`](crate::Isolation::Weak) and accept what that means.
    #[error(
        "the sandbox is too weak to run model-written code: {missing}; fix the layer or ask for weak isolation"
    )]
    TooWeak {
        /// What is missing and why.
        missing: String,
    },
    /// No sandbox exists for this operating system. Run the programs on Linux.
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
}

impl SandboxError {
    /// A [`SandboxError::Cage`] with what the system said last.
    #[cfg(target_os = "linux")]
    pub(crate) fn last_os(step: &'static str) -> Self {
        Self::Cage { step, source: io::Error::last_os_error() }
    }
}
