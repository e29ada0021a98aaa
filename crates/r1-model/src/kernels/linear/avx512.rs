//! The sums of the lanes of a whole tile at once: a sixth of the instructions of one sum after the other.

use std::arch::x86_64::{__m512, _mm512_add_ps, _mm512_shuffle_f32x4, _mm512_shuffle_ps};

/// Writes the sums of the lanes of `4 × 6` vectors to rows `stride` apart. Each sum is the tree of
/// [`reduce`](super::flex): lane `i` with `i + 8`, then with `i + 4`, `i + 2` and `i + 1`.
///
/// # Safety
/// The CPU has AVX-512F, and `y` is valid for writes of four rows of six elements.
#[inline(always)]
pub(super) unsafe fn put(tile: [[__m512; 6]; 4], y: *mut f32, stride: usize) {
    // SAFETY: the caller's promise.
    unsafe {
        // Each step adds one half of what is left of every sum to the other, and puts the halves of two sums, or
        // of two groups of sums, side by side. 128-bit lane `m` belongs to row `m` after the second step.
        let add8 =
            |a, b| _mm512_add_ps(_mm512_shuffle_f32x4::<0x44>(a, b), _mm512_shuffle_f32x4::<0xee>(a, b));
        let add4 =
            |a, b| _mm512_add_ps(_mm512_shuffle_f32x4::<0x88>(a, b), _mm512_shuffle_f32x4::<0xdd>(a, b));
        let add2 = |a, b| _mm512_add_ps(_mm512_shuffle_ps::<0x44>(a, b), _mm512_shuffle_ps::<0xee>(a, b));
        let add1 = |a, b| _mm512_add_ps(_mm512_shuffle_ps::<0x88>(a, b), _mm512_shuffle_ps::<0xdd>(a, b));
        let column = |n: usize| add4(add8(tile[0][n], tile[1][n]), add8(tile[2][n], tile[3][n]));
        let pairs = [add2(column(0), column(1)), add2(column(2), column(3)), add2(column(4), column(5))];
        let elements = |vector: __m512| std::mem::transmute::<__m512, [[f32; 4]; 4]>(vector);
        let (first, last) = (elements(add1(pairs[0], pairs[1])), elements(add1(pairs[2], pairs[2])));
        for m in 0..4 {
            let row = y.add(m * stride);
            row.cast::<[f32; 4]>().write_unaligned(first[m]);
            row.add(4).cast::<[f32; 2]>().write_unaligned([last[m][0], last[m][1]]);
        }
    }
}
