//! Ctrl-C and SIGTERM as a request to save and stop.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use signal_hook::{
    consts::{SIGINT, SIGTERM},
    flag,
};

/// Whether this process was asked to stop.
///
/// The first signal only asks, so that the work can be saved; a second one ends the process at once, with the same
/// exit status.
///
/// # Examples
/// ```
/// use r1_run::Interrupt;
///
/// let interrupt = Interrupt::on_signals()?;
/// for _step in 0..3 {
///     // .. work ..
///     if let Some(status) = interrupt.status() {
///         // .. save ..
///         std::process::exit(status.into());
///     }
/// }
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Interrupt {
    requested: Arc<AtomicBool>,
    signal: Arc<AtomicUsize>,
}

impl Interrupt {
    /// One that no signal asks; [`request`](Self::request) does.
    pub fn never() -> Self {
        Self::default()
    }

    /// Listens to SIGINT (Ctrl-C) and SIGTERM from now on.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn on_signals() -> io::Result<Self> {
        let interrupt = Self::default();
        for signal in [SIGINT, SIGTERM] {
            // In this order the second signal finds what the first one set.
            flag::register_conditional_shutdown(signal, 128 + signal, interrupt.requested.clone())?;
            flag::register_usize(signal, interrupt.signal.clone(), signal as usize)?;
            flag::register(signal, interrupt.requested.clone())?;
        }
        Ok(interrupt)
    }

    /// Asks for a stop, as Ctrl-C does.
    pub fn request(&self) {
        self.signal.store(SIGINT as usize, Ordering::SeqCst);
        self.requested.store(true, Ordering::SeqCst);
    }

    /// True when a stop was asked for.
    pub fn requested(&self) -> bool {
        self.requested.load(Ordering::SeqCst)
    }

    /// The exit status when a stop was asked for: 130 for Ctrl-C, 143 for SIGTERM, as shells have it.
    pub fn status(&self) -> Option<u8> {
        self.requested().then(|| 128 + self.signal.load(Ordering::SeqCst) as u8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_has_the_status_of_its_signal() {
        let interrupt = Interrupt::never();
        assert_eq!((interrupt.requested(), interrupt.status()), (false, None));
        interrupt.clone().request();
        assert_eq!((interrupt.requested(), interrupt.status()), (true, Some(130)));
    }

    #[test]
    #[cfg(unix)]
    fn a_signal_is_a_request() {
        let interrupt = Interrupt::on_signals().unwrap();
        signal_hook::low_level::raise(SIGTERM).unwrap();
        assert_eq!(interrupt.status(), Some(143));
    }
}
