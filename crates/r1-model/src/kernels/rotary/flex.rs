//! The CPU kernel: one pass, forward and backward alike.

use std::mem::MaybeUninit;

use burn_flex::FlexTensor;

use super::RotaryTable;
use crate::kernels::{
    flex::{contiguous, dims2, filled, for_row_chunks, slice, tensor},
    simd::vectorized,
};

vectorized! {
    fn rotate_rows(y: &mut [f32], width: usize, table: &RotaryTable, positions: &[u32], heads: usize, sign: f32) {
        let half = table.head_dim / 2;
        for (y, position) in y.chunks_exact_mut(width).zip(positions) {
            let place = *position as usize * half;
            let (cos, sin) = (&table.cos[place..place + half], &table.sin[place..place + half]);
            for head in y[..heads * table.head_dim].chunks_exact_mut(table.head_dim) {
                let (low, high) = head.split_at_mut(half);
                for i in 0..half {
                    let (a, b, s) = (low[i], high[i], sign * sin[i]);
                    low[i] = a * cos[i] - b * s;
                    high[i] = b * cos[i] + a * s;
                }
            }
        }
    }
}

/// Rotates forward, or backward when `inverse`.
pub(crate) fn rotate(
    x: FlexTensor,
    table: &RotaryTable,
    positions: &[u32],
    heads: usize,
    inverse: bool,
) -> FlexTensor {
    const CHUNK: usize = 64;
    let x = contiguous(x);
    let [tokens, width] = dims2(&x);
    let x = slice(&x);
    let sign = if inverse { -1.0 } else { 1.0 };
    let rows = |chunk: usize, y: &mut [MaybeUninit<f32>]| {
        let first = chunk * CHUNK;
        let y = y.write_copy_of_slice(&x[first * width..][..y.len()]);
        rotate_rows(y, width, table, &positions[first..], heads, sign);
    };
    // SAFETY: the chunks tile the output, and each is a copy before it is rotated.
    let y = unsafe { filled(tokens * width, |y| for_row_chunks(y, width, CHUNK, rows)) };
    tensor(y, [tokens, width])
}
