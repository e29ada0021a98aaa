//! The CPU kernel; the backward pass recomputes the sigmoid instead of saving it.

use std::mem::MaybeUninit;

use burn_flex::FlexTensor;

use crate::kernels::{
    flex::{contiguous, dims2, filled, for_row_chunks, slice, tensor},
    simd::{exp, vectorized},
};

const CHUNK: usize = 32;

#[inline(always)]
fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + exp(-x))
}

vectorized! {
    fn forward_rows(y: &mut [MaybeUninit<f32>], x: &[f32], half: usize) {
        for (y, x) in y.chunks_exact_mut(half).zip(x.chunks_exact(2 * half)) {
            let (a, b) = x.split_at(half);
            for i in 0..half {
                y[i].write(a[i] * sigmoid(a[i]) * b[i]);
            }
        }
    }

    fn backward_rows(dx: &mut [MaybeUninit<f32>], x: &[f32], g: &[f32], half: usize) {
        let rows = dx.chunks_exact_mut(2 * half).zip(x.chunks_exact(2 * half));
        for ((dx, x), g) in rows.zip(g.chunks_exact(half)) {
            let ((a, b), (da, db)) = (x.split_at(half), dx.split_at_mut(half));
            for i in 0..half {
                let s = sigmoid(a[i]);
                da[i].write(g[i] * b[i] * s * (1.0 + a[i] * (1.0 - s)));
                db[i].write(g[i] * a[i] * s);
            }
        }
    }
}

pub(crate) fn forward(gate_up: FlexTensor) -> FlexTensor {
    let x = contiguous(gate_up);
    let [tokens, width] = dims2(&x);
    let (x, half) = (slice(&x), width / 2);
    let rows = |chunk: usize, y: &mut [_]| forward_rows(y, &x[chunk * CHUNK * width..], half);
    // SAFETY: the chunks tile the output, and each row is written whole.
    let y = unsafe { filled(tokens * half, |y| for_row_chunks(y, half, CHUNK, rows)) };
    tensor(y, [tokens, half])
}

pub(crate) fn backward(g: FlexTensor, gate_up: FlexTensor) -> FlexTensor {
    let (g, x) = (contiguous(g), contiguous(gate_up));
    let [tokens, width] = dims2(&x);
    let (g, x, half) = (slice(&g), slice(&x), width / 2);
    let rows = |chunk: usize, dx: &mut [_]| {
        backward_rows(dx, &x[chunk * CHUNK * width..], &g[chunk * CHUNK * half..], half);
    };
    // SAFETY: the chunks tile the output, and each row is written whole.
    let dx = unsafe { filled(tokens * width, |dx| for_row_chunks(dx, width, CHUNK, rows)) };
    tensor(dx, [tokens, width])
}
