//! Weights on their way from memory.

/// The weights of the next tiles, which a step at a time are brought into the second-level cache while the
/// present ones are worked on: one stretch of memory, for the rows of the weight follow one another. Decoding
/// reads all weights for a few rows, and would otherwise wait for memory first and compute then.
pub(super) struct Ahead {
    next: *const f32,
    end: *const f32,
    /// `columns` cache lines in every `tiles` steps of sixteen elements, so that the lines are there when the
    /// present columns are done.
    columns: usize,
    tiles: usize,
    due: usize,
}

impl Ahead {
    /// The weights of so many columns, to be fetched during `tiles` tiles.
    pub(super) fn new(weights: &[f32], columns: usize, tiles: usize) -> Self {
        let range = weights.as_ptr_range();
        Self { next: range.start, end: range.end, columns, tiles, due: 0 }
    }

    /// One step.
    #[inline(always)]
    pub(super) fn fetch(&mut self) {
        #[cfg(target_arch = "x86_64")]
        if self.next < self.end {
            use std::arch::x86_64::{_MM_HINT_T1, _mm_prefetch};
            self.due += self.columns;
            while self.due >= self.tiles {
                // SAFETY: a hint may name any address.
                unsafe { _mm_prefetch::<_MM_HINT_T1>(self.next.cast()) };
                self.next = self.next.wrapping_add(16);
                self.due -= self.tiles;
            }
        }
    }
}
