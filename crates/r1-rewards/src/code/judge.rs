//! The judge: a sandbox with workers and a memory of compiled programs.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;

use r1_sandbox::{Isolation, Layers, Policy, Sandbox, SandboxReport};

use super::{CodeError, cache::Cache};

/// Judges submissions in a [`Sandbox`]. Cheap to clone; clones share it.
///
/// # Examples
/// ```no_run
/// use r1_rewards::code::{Judge, Language, Submission, TestCase, Verdict};
///
/// let judge = Judge::new()?;
/// eprintln!("{}", judge.report());
/// let submission = Submission::new(Language::PYTHON, "print(int(input()) + 1)");
/// let judgement = judge.judge(&submission, &[TestCase::stdio("41\n", "42\n")])?;
/// assert_eq!(judgement.verdict, Verdict::Accepted);
/// # Ok::<(), r1_rewards::code::CodeError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Judge {
    sandbox: Sandbox,
    pool: Arc<Pool>,
    cache: Arc<Cache>,
}

impl Judge {
    /// A judge in a sandbox with every layer that works here.
    ///
    /// # Errors
    /// As [`Sandbox::new`].
    pub fn new() -> Result<Self, CodeError> {
        Self::with(Isolation::Strict, Layers::ALL)
    }

    /// A judge in a sandbox with at most these layers.
    ///
    /// # Errors
    /// As [`Sandbox::new`].
    pub fn with(isolation: Isolation, layers: Layers) -> Result<Self, CodeError> {
        Ok(Self::over(Sandbox::new(&Policy::new(isolation, layers))?))
    }

    /// A judge in this sandbox, with one worker a core.
    pub fn over(sandbox: Sandbox) -> Self {
        let cores = thread::available_parallelism().map_or(1, |cores| cores.get());
        Self { sandbox, pool: Arc::new(Pool::new(cores)), cache: Arc::default() }
    }

    /// The same, judging at most this many submissions at a time.
    #[must_use]
    pub fn with_workers(mut self, workers: usize) -> Self {
        self.pool = Arc::new(Pool::new(workers.max(1)));
        self
    }

    /// Which layers of the sandbox are active.
    pub fn report(&self) -> SandboxReport {
        self.sandbox.report()
    }

    /// How many submissions are judged at a time.
    pub fn workers(&self) -> usize {
        self.pool.size
    }

    /// Where the programs run.
    pub fn sandbox(&self) -> &Sandbox {
        &self.sandbox
    }

    pub(super) fn cache(&self) -> &Cache {
        &self.cache
    }

    /// Waits for a free place among the workers.
    pub(super) fn permit(&self) -> Permit<'_> {
        self.pool.acquire()
    }
}

/// Counts free places.
#[derive(Debug)]
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
pub(super) struct Permit<'a>(&'a Pool);

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        *self.0.free.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.0.freed.notify_one();
    }
}
