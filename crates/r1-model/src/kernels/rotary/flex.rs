//! The CPU kernel: one pass, forward and backward alike.

use std::mem::MaybeUninit;

use burn_flex::FlexTensor;

use super::RotaryTable;
use crate::kernels::{
    flex::{contiguous, dims2, filled, for_row_chunks, slice, tensor},
    simd::vectorized,
};

vectorized! {
    fn rotate_rows(y: &mut [MaybeUninit<f32>], x: &[f32], width: usize, table: &RotaryTable, positions: &[u32], heads: usize, sign: f32) {
        let half = table.head_dim / 2;
        let (rows, rotated) = (y.chunks_exact_mut(width).zip(x.chunks_exact(width)), heads * table.head_dim);
        for ((y, x), position) in rows.zip(positions) {
            let place = *position as usize * half;
            let (cos, sin) = (&table.cos[place..place + half], &table.sin[place..place + half]);
            let heads = y[..rotated].chunks_exact_mut(2 * half).zip(x[..rotated].chunks_exact(2 * half));
            for (y, x) in heads {
                let ((y_low, y_high), (low, high)) = (y.split_at_mut(half), x.split_at(half));
                for i in 0..half {
                    let s = sign * sin[i];
                    y_low[i].write(low[i] * cos[i] - high[i] * s);
                    y_high[i].write(high[i] * cos[i] + low[i] * s);
                }
            }
            y[rotated..].write_copy_of_slice(&x[rotated..]);
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
        rotate_rows(y, &x[first * width..], width, table, &positions[first..], heads, sign);
    };
    // SAFETY: the chunks tile the output, and each row is written whole: its heads, then the rest.
    let y = unsafe { filled(tokens * width, |y| for_row_chunks(y, width, CHUNK, rows)) };
    tensor(y, [tokens, width])
}
