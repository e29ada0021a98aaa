//! Loops over parts of a slice.

use crate::for_each;

/// Calls `work(index, chunk)` for chunks of `len` elements, the last of which may be shorter, on all threads.
///
/// # Panics
/// When `len` is 0, or `work` panics.
pub fn for_each_chunk<T: Send>(slice: &mut [T], len: usize, work: impl Fn(usize, &mut [T]) + Sync + Send) {
    let (all, parts) = (slice.len(), slice.len().div_ceil(len));
    let start = Start(slice.as_mut_ptr());
    for_each(parts, |index| {
        let first = index * len;
        // SAFETY: the chunks do not overlap, each is one part's, and the slice is borrowed until all are done.
        let chunk = unsafe { std::slice::from_raw_parts_mut(start.at(first), len.min(all - first)) };
        work(index, chunk);
    });
}

/// Calls `work(index, element)` for each element, on all threads.
///
/// # Panics
/// When `work` panics.
pub fn for_each_mut<T: Send>(slice: &mut [T], work: impl Fn(usize, &mut T) + Sync + Send) {
    for_each_chunk(slice, 1, |index, chunk| work(index, &mut chunk[0]));
}

/// The first element of a slice that several threads write to.
struct Start<T>(*mut T);

// SAFETY: each thread writes elements of its own, which may be sent to it.
unsafe impl<T: Send> Sync for Start<T> {}
unsafe impl<T: Send> Send for Start<T> {}

impl<T> Start<T> {
    /// # Safety
    /// The slice has an element there, or ends there.
    unsafe fn at(&self, index: usize) -> *mut T {
        // SAFETY: the caller's promise.
        unsafe { self.0.add(index) }
    }
}
