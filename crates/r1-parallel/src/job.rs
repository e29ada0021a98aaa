//! A loop whose parts are taken by whoever is free.

use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

/// A loop: its body, and how far it is.
pub(crate) struct Job<'a> {
    work: &'a (dyn Fn(usize) + Sync),
    parts: usize,
    next: AtomicUsize,
    panic: Mutex<Option<Box<dyn Any + Send>>>,
}

impl<'a> Job<'a> {
    pub(crate) fn new(parts: usize, work: &'a (dyn Fn(usize) + Sync)) -> Self {
        Self { work, parts, next: AtomicUsize::new(0), panic: Mutex::new(None) }
    }

    /// Does parts until none is left. A panic ends the loop and is kept.
    pub(crate) fn help(&self) {
        let parts = || {
            loop {
                let part = self.next.fetch_add(1, Ordering::Relaxed);
                if part >= self.parts {
                    return;
                }
                (self.work)(part);
            }
        };
        if let Err(panic) = catch_unwind(AssertUnwindSafe(parts)) {
            // Far from overflow: each thread takes one number more.
            self.next.store(self.parts, Ordering::Relaxed);
            self.panic.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(panic);
        }
    }

    /// The first panic.
    pub(crate) fn into_panic(self) -> Option<Box<dyn Any + Send>> {
        self.panic.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}
