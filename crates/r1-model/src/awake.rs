//! Worker threads that stay awake between short kernels.

use burn::tensor::Device;

/// Has the other worker threads look for work for a third of a millisecond before they sleep.
///
/// rayon's own workers sleep after some ten microseconds. A step of decoding is hundreds of kernels of that length,
/// with a little serial work between them, and waking a thread for each takes as long as a kernel. Call this at the
/// start of every step. It changes when work is done, never what is computed.
/// Does nothing for a device that is not the CPU.
pub fn stay_awake(device: &Device) {
    #[cfg(feature = "flex")]
    if rayon::current_num_threads() > 1 && crate::kernels::flex::on_flex(device) {
        watch::all();
    }
    #[cfg(not(feature = "flex"))]
    let _ = device;
}

#[cfg(feature = "flex")]
mod watch {
    use std::{
        cell::Cell,
        time::{Duration, Instant},
    };

    use rayon::Yield;

    /// How long a worker looks for work before it may sleep: longer than what lies between two kernels of a step, far
    /// shorter than a step.
    const PATIENCE: Duration = Duration::from_micros(300);

    thread_local! {
        static WATCHING: Cell<bool> = const { Cell::new(false) };
    }

    /// Has all workers but the caller watch.
    pub(super) fn all() {
        let caller = rayon::current_thread_index();
        rayon::spawn_broadcast(move |context| {
            if Some(context.index()) != caller {
                watch();
            }
        });
    }

    fn watch() {
        // Work that is done below may hold the next call's job: one watch on a stack is enough.
        if WATCHING.replace(true) {
            return;
        }
        let mut since = Instant::now();
        while since.elapsed() < PATIENCE {
            match rayon::yield_now() {
                Some(Yield::Executed) => since = Instant::now(),
                _ => std::thread::yield_now(),
            }
        }
        WATCHING.set(false);
    }
}

#[cfg(all(test, feature = "flex"))]
mod tests {
    use rayon::prelude::*;

    use super::*;

    #[test]
    fn work_gets_done_and_threads_come_back() {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(3).build().unwrap();
        let total: u64 = pool.install(|| {
            let mut total = 0;
            for _ in 0..200 {
                stay_awake(&Device::flex());
                // Nested work, so that a watch may begin while a job waits.
                let sums: Vec<u64> = (0..8u64)
                    .into_par_iter()
                    .map(|i| (0..50u64).into_par_iter().map(|j| i * j).max().unwrap())
                    .collect();
                total += sums.iter().sum::<u64>();
            }
            total
        });
        assert_eq!(total, 200 * (0..8).map(|i| i * 49).sum::<u64>());
    }
}
