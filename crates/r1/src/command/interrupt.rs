//! Stopping a long command by Ctrl-C or SIGTERM, when what it did is on the disk already.

use std::{
    process::exit,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use r1_run::{Interrupt, Lock};

use crate::command::failure::Failure;

/// How long a signal may wait.
const PATIENCE: Duration = Duration::from_millis(20);

/// A command that keeps a journal and may be stopped at any time: a signal ends the process with the status that shells
/// expect and one sentence, and gives the lock back.
///
/// Every line of the journal is on the disk when the next problems are asked, so that ending at once loses no more than
/// waiting for them would save.
#[derive(Debug)]
pub(crate) struct Stoppable {
    lock: Arc<Mutex<Option<Lock>>>,
    done: Arc<AtomicBool>,
}

impl Stoppable {
    /// Begins to listen. `sentence` says what is saved, and how to go on.
    pub(crate) fn new(lock: Option<Lock>, sentence: String) -> Result<Self, Failure> {
        let interrupt = Interrupt::on_signals()?;
        let stoppable = Self { lock: Arc::new(Mutex::new(lock)), done: Arc::default() };
        let (lock, done) = (stoppable.lock.clone(), stoppable.done.clone());
        thread::spawn(move || {
            while !done.load(Ordering::SeqCst) {
                if let Some(status) = interrupt.status() {
                    // Held to the end, so that the results are not half written, nor the process ended twice.
                    let mut lock = lock.lock().unwrap_or_else(PoisonError::into_inner);
                    drop(lock.take());
                    eprintln!("interrupted: {sentence}");
                    exit(status.into());
                }
                thread::sleep(PATIENCE);
            }
        });
        Ok(stoppable)
    }

    /// Does the last step, which no signal stops any more.
    pub(crate) fn finish<T>(self, last: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
        let _lock = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        self.done.store(true, Ordering::SeqCst);
        last()
    }
}

impl Drop for Stoppable {
    fn drop(&mut self) {
        self.done.store(true, Ordering::SeqCst);
        drop(self.lock.lock().unwrap_or_else(PoisonError::into_inner).take());
    }
}
