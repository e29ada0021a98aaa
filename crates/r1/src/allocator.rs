//! The memory allocator of our binaries.

/// The allocator: faster than the system's for the large, short-lived buffers of training.
///
/// ```
/// #[global_allocator]
/// static ALLOCATOR: r1::allocator::MiMalloc = r1::allocator::MiMalloc;
///
/// r1::allocator::keep_memory();
/// ```
pub use mimalloc::MiMalloc;

/// Keeps freed memory instead of giving it back to the system. A training step frees and takes the same
/// gigabytes again and again, and every page that comes back from the system must be cleared: on two cores a
/// fifth of a step's time went there. Call it first in `main`; it does nothing under another allocator.
pub fn keep_memory() {
    /// Place of `mi_option_purge_delay` in mimalloc's enumeration (versions 2 and 3); -1 is never.
    const PURGE_DELAY: libmimalloc_sys::mi_option_t = 15;
    // SAFETY: setting an option of the allocator is allowed at any time.
    unsafe { libmimalloc_sys::mi_option_set(PURGE_DELAY, -1) };
}
