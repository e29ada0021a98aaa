//! Time on the clock, without what a program spent waiting for a processor.

use std::time::{Duration, Instant};

/// How often a program is looked at.
const LOOK: Duration = Duration::from_millis(5);
/// The most that one look counts: this process may have been away itself.
const AWAY: Duration = Duration::from_millis(100);

/// Counts the time in which a program sleeps. A busy machine must not change a verdict, so that against the limit
/// of the clock count its sleep and its processor time, and nothing else.
#[derive(Debug)]
pub(super) struct Clock {
    started: Instant,
    looked: Instant,
    asleep: Duration,
}

impl Clock {
    /// A clock that starts now.
    pub(super) fn new() -> Self {
        let now = Instant::now();
        Self { started: now, looked: now, asleep: Duration::ZERO }
    }

    /// All time since the start.
    pub(super) fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// Whether it is time for another look.
    pub(super) fn is_due(&self) -> bool {
        self.looked.elapsed() >= LOOK
    }

    /// Notes whether the program sleeps, and has since the last look.
    pub(super) fn note(&mut self, asleep: bool) {
        let now = Instant::now();
        if asleep {
            self.asleep += (now - self.looked).min(AWAY);
        }
        self.looked = now;
    }

    /// The time that counts against the limit: sleep, and this much processor time, of which several processors
    /// may have given more than the clock shows.
    pub(super) fn counted(&self, cpu: Duration) -> Duration {
        self.asleep + cpu.min(self.elapsed().saturating_sub(self.asleep))
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn sleep_and_work_count_and_waiting_does_not() {
        let mut clock = Clock::new();
        assert_eq!(clock.counted(Duration::ZERO), Duration::ZERO);
        thread::sleep(Duration::from_millis(20));
        assert!(clock.is_due());
        clock.note(false);
        assert_eq!(clock.counted(Duration::from_millis(5)), Duration::from_millis(5));
        thread::sleep(Duration::from_millis(20));
        clock.note(true);
        let slept = clock.counted(Duration::ZERO);
        assert!((Duration::from_millis(20)..=AWAY).contains(&slept), "{slept:?}");
        // Two processors give more than the clock shows.
        assert!(clock.counted(Duration::from_secs(100)) <= clock.elapsed());
        thread::sleep(AWAY + Duration::from_millis(20));
        clock.note(true);
        assert_eq!(clock.counted(Duration::ZERO), slept + AWAY);
    }
}
