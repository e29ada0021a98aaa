//! Rows of weights that are numbers themselves: F32, F16 and BF16 with activations in f32.
//!
//! Sixteen lanes, element `i` in lane `i mod 16` in the order of `i`, by fused multiply-adds; then the lanes in a
//! tree, `i` with `i + 8`, `i + 4` and so on: the order of r1's products in f32.

use std::ops::Range;

use super::{Body, Output, Rows, fold};
use crate::{BlockType, decode};

/// The fastest body of this machine.
pub(super) fn body<'a>() -> Body<Rows<'a>> {
    #[cfg(target_arch = "x86_64")]
    if super::avx2::is_here() {
        return super::avx2::float_rows;
    }
    rows
}

/// The order of additions, in plain loops.
///
/// # Safety
/// The output has a place for each product.
pub(super) unsafe fn rows(
    block_type: BlockType,
    weights: &[u8],
    x: &Rows,
    tokens: Range<usize>,
    output: &Output,
) {
    let mut numbers = vec![0.0; x.width];
    for (column, weights) in weights.chunks_exact(x.width * block_type.block_bytes()).enumerate() {
        decode(block_type, weights, &mut numbers).expect("the row is as wide as the matrix");
        for token in tokens.clone() {
            let mut lanes = [0.0f32; 16];
            let own = &x.values[token * x.width..(token + 1) * x.width];
            for (i, (x, weight)) in own.iter().zip(&numbers).enumerate() {
                lanes[i % 16] = x.mul_add(*weight, lanes[i % 16]);
            }
            // SAFETY: the caller's promise.
            unsafe { output.put(token, column, fold16(lanes)) };
        }
    }
}

/// The sum of sixteen lanes: lane `i` with `i + 8`, then as [`fold`].
pub(super) fn fold16(lanes: [f32; 16]) -> f32 {
    fold(std::array::from_fn(|i| lanes[i] + lanes[i + 8]))
}
