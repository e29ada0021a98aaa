//! The cage: where model-written programs run.

mod report;
mod job;
#[cfg(target_os = "linux")]
mod linux;
#[cfg(not(target_os = "linux"))]
mod elsewhere;

#[cfg(not(target_os = "linux"))]
use elsewhere as system;
#[cfg(target_os = "linux")]
use linux as system;

pub(crate) use job::{Channel, Job, Run, Stage};
pub use report::{Isolation, Layer, Layers, SandboxReport};
pub(crate) use system::Running;

use std::{
    fmt,
    sync::{Arc, Condvar, Mutex, PoisonError},
    thread,
};

use super::SandboxError;

/// A place where programs run that nobody trusts. Cheap to clone; clones share it.
///
/// Making one tries every layer of isolation and fails when too few work; see [`SandboxReport`].
///
/// # Examples
/// ```no_run
/// use r1_rewards::code::{Checker, Language, Limits, Sandbox, Submission, TestCase, Verdict};
///
/// let sandbox = Sandbox::new()?;
/// eprintln!("{}", sandbox.report());
/// let submission = Submission::new(Language::Python, "print(int(input()) + 1)");
/// let judgement = sandbox.judge(&submission, &[TestCase::stdio("41\n", "42\n")])?;
/// assert_eq!(judgement.verdict, Verdict::Accepted);
/// # Ok::<(), r1_rewards::code::SandboxError>(())
/// ```
#[derive(Clone)]
pub struct Sandbox {
    cage: Arc<system::Cage>,
    pool: Arc<Pool>,
    cache: Arc<super::cache::Cache>,
}

impl Sandbox {
    /// A cage with every layer that works here.
    ///
    /// # Errors
    /// [`SandboxError::TooWeak`] when they are too few, [`SandboxError::UnsupportedSystem`] outside of
    /// Linux.
    pub fn new() -> Result<Self, SandboxError> {
        Self::with(Isolation::Strict, Layers::ALL)
    }

    /// A cage with at most these layers.
    ///
    /// # Errors
    /// As [`new`](Self::new); with [`Isolation::Weak`] nothing is too weak.
    pub fn with(isolation: Isolation, layers: Layers) -> Result<Self, SandboxError> {
        let cage = system::Cage::new(isolation, layers)?;
        let cores = thread::available_parallelism().map_or(1, |cores| cores.get());
        Ok(Self { cage: Arc::new(cage), pool: Arc::new(Pool::new(cores)), cache: Arc::default() })
    }

    /// The same cage, judging at most this many submissions at a time instead of one a core.
    pub fn with_workers(mut self, workers: usize) -> Self {
        self.pool = Arc::new(Pool::new(workers.max(1)));
        self
    }

    /// Which layers are active.
    pub fn report(&self) -> &SandboxReport {
        self.cage.report()
    }

    /// How many submissions are judged at a time.
    pub fn workers(&self) -> usize {
        self.pool.size
    }

    pub(super) fn cache(&self) -> &super::cache::Cache {
        &self.cache
    }

    /// Waits for a free place among the workers.
    pub(super) fn permit(&self) -> Permit<'_> {
        self.pool.acquire()
    }

    /// Runs to the end.
    pub(super) fn run(&self, job: &Job) -> Result<Run, SandboxError> {
        let mut running = self.start(job)?;
        while !running.tick()? {}
        Ok(running.finish())
    }

    /// Starts a program.
    pub(super) fn start(&self, job: &Job) -> Result<Running, SandboxError> {
        self.cage.start(job)
    }

    /// Starts two programs, descriptor 3 of each being what the other writes to 4.
    pub(super) fn start_pair(&self, first: &Job, second: &Job) -> Result<(Running, Running), SandboxError> {
        self.cage.start_pair(first, second)
    }
}

impl fmt::Debug for Sandbox {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Sandbox").field("report", self.report()).finish_non_exhaustive()
    }
}

/// Counts free places.
struct Pool {
    size: usize,
    free: Mutex<usize>,
    freed: Condvar,
}

impl Pool {
    fn new(size: usize) -> Self {
        Self { size, free: Mutex::new(size), freed: Condvar::new() }
    }

    fn acquire(&self) -> Permit<'_> {
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        while *free == 0 {
            free = self.freed.wait(free).unwrap_or_else(PoisonError::into_inner);
        }
        *free -= 1;
        Permit(self)
    }
}

/// A place among the workers, given back when dropped.
pub(crate) struct Permit<'a>(&'a Pool);

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        *self.0.free.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.0.freed.notify_one();
    }
}
