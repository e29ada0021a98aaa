//! Rows of weights that are numbers themselves: F32, F16 and BF16 with activations in f32.
//!
//! Sixteen lanes, element `i` in lane `i mod 16` in the order of `i`, by fused multiply-adds; then the lanes in a
//! tree, `i` with `i + 8`, `i + 4` and so on: the order of r1's products in f32.

use std::ops::Range;

use super::fold;
use crate::{BlockType, decode};

/// One row of weights with some rows of `x`, whose width is given.
pub(super) type Row = unsafe fn(BlockType, &[u8], &[f32], usize, Range<usize>, &mut dyn FnMut(usize, f32));

/// The fastest body of this machine.
pub(super) fn body() -> Row {
    #[cfg(target_arch = "x86_64")]
    if super::avx2::is_here() {
        return super::avx2::float_row;
    }
    row
}

/// The order of additions, in plain loops.
///
/// # Safety
/// None is needed.
pub(super) unsafe fn row(
    block_type: BlockType,
    weights: &[u8],
    x: &[f32],
    width: usize,
    tokens: Range<usize>,
    put: &mut dyn FnMut(usize, f32),
) {
    let mut numbers = vec![0.0; width];
    decode(block_type, weights, &mut numbers).expect("the row is as wide as the matrix");
    for token in tokens {
        let mut lanes = [0.0f32; 16];
        for (i, (x, weight)) in x[token * width..(token + 1) * width].iter().zip(&numbers).enumerate() {
            lanes[i % 16] = x.mul_add(*weight, lanes[i % 16]);
        }
        put(token, fold16(lanes));
    }
}

/// The sum of sixteen lanes: lane `i` with `i + 8`, then as [`fold`].
pub(super) fn fold16(lanes: [f32; 16]) -> f32 {
    fold(std::array::from_fn(|i| lanes[i] + lanes[i + 8]))
}
