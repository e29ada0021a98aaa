//! The CPU kernel: one pass per row.

use std::mem::MaybeUninit;

use burn_flex::FlexTensor;

use crate::kernels::{
    flex::{contiguous, dims2, filled, for_row_chunks, slice, tensor},
    simd::{dot, vectorized},
};

/// Rows a thread takes at a time; the weight gradient is summed over these chunks in order.
const CHUNK: usize = 64;

#[inline(always)]
fn inverse_rms(row: &[f32], epsilon: f32) -> f32 {
    1.0 / (dot(row, row) / row.len() as f32 + epsilon).sqrt()
}

vectorized! {
    fn forward_rows(y: &mut [MaybeUninit<f32>], x: &[f32], w: &[f32], epsilon: f32) {
        let width = w.len();
        for (y, x) in y.chunks_exact_mut(width).zip(x.chunks_exact(width)) {
            let scale = inverse_rms(x, epsilon);
            for i in 0..width {
                y[i].write(x[i] * scale * w[i]);
            }
        }
    }

    fn backward_rows(dx: &mut [MaybeUninit<f32>], dw: &mut [f32], x: &[f32], g: &[f32], w: &[f32], epsilon: f32) {
        let width = w.len();
        let dw = &mut dw[..width];
        let mut scaled = vec![0.0; width];
        for ((dx, x), g) in dx.chunks_exact_mut(width).zip(x.chunks_exact(width)).zip(g.chunks_exact(width)) {
            let scale = inverse_rms(x, epsilon);
            for i in 0..width {
                scaled[i] = g[i] * w[i];
            }
            let projection = dot(&scaled, x) * scale * scale / width as f32;
            for i in 0..width {
                dx[i].write((scaled[i] - x[i] * projection) * scale);
                dw[i] += g[i] * x[i] * scale;
            }
        }
    }
}

pub(crate) fn forward(x: FlexTensor, weight: FlexTensor, epsilon: f32) -> FlexTensor {
    let (x, weight) = (contiguous(x), contiguous(weight));
    let [tokens, width] = dims2(&x);
    let (x, w) = (slice(&x), slice(&weight));
    let rows = |chunk: usize, y: &mut [_]| forward_rows(y, &x[chunk * CHUNK * width..], w, epsilon);
    // SAFETY: the chunks tile the output, and each row is written whole.
    let y = unsafe { filled(tokens * width, |y| for_row_chunks(y, width, CHUNK, rows)) };
    tensor(y, [tokens, width])
}

/// Gradients of the input and of the weight.
pub(crate) fn backward(
    g: FlexTensor,
    x: FlexTensor,
    weight: FlexTensor,
    epsilon: f32,
) -> (FlexTensor, FlexTensor) {
    let (g, x, weight) = (contiguous(g), contiguous(x), contiguous(weight));
    let [tokens, width] = dims2(&x);
    let (g, x, w) = (slice(&g), slice(&x), slice(&weight));
    // Each chunk's rows of dx are followed by its share of dw, so that threads never meet.
    let chunks = tokens.div_ceil(CHUNK).max(1);
    let mut partial = vec![0.0; chunks * width];
    let mut rows = |dx: &mut [MaybeUninit<f32>]| {
        use rayon::prelude::*;
        dx.par_chunks_mut((CHUNK * width).max(1))
            .zip(partial.par_chunks_mut(width.max(1)))
            .enumerate()
            .for_each(|(chunk, (dx, dw))| {
                let first = chunk * CHUNK * width;
                backward_rows(dx, dw, &x[first..], &g[first..], w, epsilon);
            });
    };
    // SAFETY: the chunks tile the output, and each row is written whole.
    let dx = unsafe { filled(tokens * width, &mut rows) };
    let mut dw = vec![0.0; width];
    for chunk in partial.chunks_exact(width.max(1)) {
        for (sum, part) in dw.iter_mut().zip(chunk) {
            *sum += part;
        }
    }
    (tensor(dx, [tokens, width]), tensor(dw, [width]))
}
