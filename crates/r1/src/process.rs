//! How our binaries use memory and threads.

/// The allocator: faster than the system's for the large, short-lived buffers of training.
///
/// ```
/// #[global_allocator]
/// static ALLOCATOR: r1::process::MiMalloc = r1::process::MiMalloc;
///
/// r1::process::prepare();
/// ```
pub use mimalloc::MiMalloc;

/// Sets the process up for training and generation. Call it first in `main`.
///
/// - Freed memory is kept instead of given back to the system. A training step frees and takes the same
///   gigabytes again and again, and every page that comes back from the system must be cleared: on two cores a
///   fifth of a step's time went there. New memory is asked for in pages of 2 MiB, where the system has them.
///   Does nothing under another allocator than [`MiMalloc`].
/// - The calling thread becomes one of the worker threads. Otherwise it sleeps while they work, and a step of
///   decoding, which is a hundred short kernels, wakes threads three times for each. Does nothing when worker
///   threads exist already.
pub fn prepare() {
    /// Place of `mi_option_purge_delay` in mimalloc's enumeration (versions 2 and 3); -1 is never.
    const PURGE_DELAY: libmimalloc_sys::mi_option_t = 15;
    /// That of asking for pages of 2 MiB.
    const ALLOW_LARGE_OS_PAGES: libmimalloc_sys::mi_option_t = 6;
    // SAFETY: setting an option of the allocator is allowed at any time.
    unsafe {
        libmimalloc_sys::mi_option_set(PURGE_DELAY, -1);
        libmimalloc_sys::mi_option_set(ALLOW_LARGE_OS_PAGES, 1);
    }
    let _ = rayon::ThreadPoolBuilder::new().use_current_thread().build_global();
}
