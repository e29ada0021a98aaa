//! A fixed number of places for processes, each used by one thread at a time.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::process::Process;

/// The places that nobody uses now; a place is empty until its process is started.
pub(super) struct Pool {
    idle: Mutex<Vec<Option<Process>>>,
    returned: Condvar,
}

/// A place in use; dropping it gives it back.
pub(super) struct Place<'a> {
    process: Option<Process>,
    pool: &'a Pool,
}

impl Pool {
    pub(super) fn new(places: usize) -> Self {
        Self { idle: Mutex::new((0..places).map(|_| None).collect()), returned: Condvar::new() }
    }

    /// The place that was given back last, once there is one.
    pub(super) fn take(&self) -> Place<'_> {
        let mut idle = self.idle();
        loop {
            if let Some(process) = idle.pop() {
                return Place { process, pool: self };
            }
            idle = self.returned.wait(idle).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Option<Process>>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place<'_> {
    pub(super) fn process(&mut self) -> &mut Option<Process> {
        &mut self.process
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.pool.idle().push(self.process.take());
        self.pool.returned.notify_one();
    }
}
