//! Loops on several threads: rayon's, or a crew that does not sleep between short loops.
//!
//! A step of decoding is hundreds of loops of some ten microseconds each. rayon's workers give up their core between
//! them or sleep, and waking one takes as long as a loop. Inside [`with_crew`] the loops of the calling thread are
//! shared with threads that watch for the next one without asking the system. The parts of a loop are the same
//! either way, and so are their results.
//!
//! ```
//! use std::sync::atomic::{AtomicU64, Ordering};
//!
//! let sum = AtomicU64::new(0);
//! r1_parallel::with_crew(|| {
//!     for _ in 0..100 {
//!         r1_parallel::for_each(8, |part| {
//!             sum.fetch_add(part as u64, Ordering::Relaxed);
//!         });
//!     }
//! });
//! assert_eq!(sum.into_inner(), 2800);
//! ```

mod chunks;
mod crew;
mod job;

use std::cell::Cell;

use rayon::prelude::*;

pub use chunks::{for_each_chunk, for_each_mut};
use crew::Crew;

thread_local! {
    static PLACE: Cell<Place> = const { Cell::new(Place::Outside) };
}

/// Where a thread is.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    Outside,
    /// It has the crew.
    Leading,
    /// It works on a part of a loop: a loop inside is its own.
    Inside,
}

impl Place {
    /// The place of this thread while `work` runs, also if it panics.
    fn during<T>(self, work: impl FnOnce() -> T) -> T {
        struct Back(Place);
        impl Drop for Back {
            fn drop(&mut self) {
                PLACE.set(self.0);
            }
        }
        let _back = Back(PLACE.replace(self));
        work()
    }
}

/// Threads that work on a loop.
pub fn threads() -> usize {
    rayon::current_num_threads()
}

/// Calls `work` with each number below `parts`, on all threads, in no order; returns when all are done.
///
/// # Panics
/// When `work` does, after the parts under way have ended.
pub fn for_each(parts: usize, work: impl Fn(usize) + Sync + Send) {
    match PLACE.get() {
        _ if parts < 2 => (0..parts).for_each(work),
        Place::Inside => (0..parts).for_each(work),
        Place::Leading => Crew::get().run(parts, &|part| Place::Inside.during(|| work(part))),
        Place::Outside => (0..parts).into_par_iter().for_each(work),
    }
}

/// Does `work` with a crew of as many threads as rayon has: they wait for its loops awake.
///
/// There is one crew. While another thread has it, and on a machine with one thread, the loops are rayon's.
pub fn with_crew<T>(work: impl FnOnce() -> T) -> T {
    if threads() < 2 || PLACE.get() != Place::Outside {
        return work();
    }
    match Crew::get().take() {
        Some(_taken) => Place::Leading.during(work),
        None => work(),
    }
}
