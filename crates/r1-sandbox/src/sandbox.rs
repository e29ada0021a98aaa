//! The sandbox: a policy that was tried out, and what runs under it.

use std::{fmt, sync::Arc};

use crate::{Command, Execution, Policy, Running, SandboxError, SandboxReport, system};

/// A place where programs run that nobody trusts. Cheap to clone; clones share it.
///
/// Making one tries every layer of isolation and fails when too few work; see [`SandboxReport`].
///
/// # Examples
/// ```no_run
/// use r1_sandbox::{Command, Policy, Sandbox};
///
/// let sandbox = Sandbox::new(&Policy::default())?;
/// eprintln!("{}", sandbox.report());
/// let run = sandbox.run(&Command::new("/usr/bin/wc").arg("-c").stdin(*b"four"))?;
/// assert_eq!((run.code, &run.stdout[..]), (Some(0), &b"4\n"[..]));
/// # Ok::<(), r1_sandbox::SandboxError>(())
/// ```
#[derive(Clone)]
pub struct Sandbox {
    cage: Arc<system::Cage>,
}

impl Sandbox {
    /// A cage with every layer of the policy that works here.
    ///
    /// # Errors
    /// [`SandboxError::TooWeak`] when they are too few, unless the policy is weak;
    /// [`SandboxError::UnsupportedSystem`] outside of Linux.
    pub fn new(policy: &Policy) -> Result<Self, SandboxError> {
        Ok(Self { cage: Arc::new(system::Cage::new(policy)?) })
    }

    /// Which layers are active, and what programs may read.
    pub fn report(&self) -> SandboxReport {
        self.cage.report()
    }

    /// Runs a program to its end.
    ///
    /// # Errors
    /// [`SandboxError::Cage`] when the cage could not be built. Whatever the program does is no error.
    pub fn run(&self, command: &Command) -> Result<Execution, SandboxError> {
        let mut running = self.start(command)?;
        while !running.tick()? {}
        Ok(running.finish())
    }

    /// Starts a program, to be driven by [`Running::tick`].
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub fn start(&self, command: &Command) -> Result<Running, SandboxError> {
        self.cage.start(command)
    }

    /// Starts two programs, descriptor 3 of each being what the other writes to 4; the second writes its
    /// results to 5.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub fn start_pair(&self, first: &Command, second: &Command) -> Result<(Running, Running), SandboxError> {
        self.cage.start_pair(first, second)
    }

    /// Starts two programs, the output of each being the input of the other.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub fn start_dialogue(
        &self,
        first: &Command,
        second: &Command,
    ) -> Result<(Running, Running), SandboxError> {
        self.cage.start_dialogue(first, second)
    }
}

impl fmt::Debug for Sandbox {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Sandbox").field("report", &self.report()).finish_non_exhaustive()
    }
}
