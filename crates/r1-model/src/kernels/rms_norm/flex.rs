//! The CPU kernel: one pass per row.

use burn_flex::FlexTensor;

use crate::kernels::{
    flex::{contiguous, dims2, for_row_chunks, slice, tensor},
    simd::{dot, vectorized},
};

/// Rows a thread takes at a time; the weight gradient is summed over these chunks in order.
const CHUNK: usize = 64;

#[inline(always)]
fn inverse_rms(row: &[f32], epsilon: f32) -> f32 {
    1.0 / (dot(row, row) / row.len() as f32 + epsilon).sqrt()
}

pub(crate) fn forward(x: FlexTensor, weight: FlexTensor, epsilon: f32) -> FlexTensor {
    let (x, weight) = (contiguous(x), contiguous(weight));
    let [tokens, width] = dims2(&x);
    let (x, w) = (slice(&x), slice(&weight));
    let mut y = vec![0.0; tokens * width];
    for_row_chunks(&mut y, width, CHUNK, |chunk, y| {
        vectorized(|| {
            let x = &x[chunk * CHUNK * width..][..y.len()];
            for (y, x) in y.chunks_exact_mut(width).zip(x.chunks_exact(width)) {
                let scale = inverse_rms(x, epsilon);
                for ((y, x), w) in y.iter_mut().zip(x).zip(w) {
                    *y = x * scale * w;
                }
            }
        });
    });
    tensor(y, [tokens, width])
}

/// Gradients of the input and of the weight.
pub(crate) fn backward(g: FlexTensor, x: FlexTensor, weight: FlexTensor, epsilon: f32) -> (FlexTensor, FlexTensor) {
    let (g, x, weight) = (contiguous(g), contiguous(x), contiguous(weight));
    let [tokens, width] = dims2(&x);
    let (g, x, w) = (slice(&g), slice(&x), slice(&weight));
    // Each chunk's rows of dx are followed by its share of dw, so that threads never meet.
    let chunks = tokens.div_ceil(CHUNK).max(1);
    let mut partial = vec![0.0; chunks * width];
    let mut dx = vec![0.0; tokens * width];
    {
        use rayon::prelude::*;
        dx.par_chunks_mut((CHUNK * width).max(1)).zip(partial.par_chunks_mut(width.max(1))).enumerate().for_each(
            |(chunk, (dx, dw))| {
                vectorized(|| {
                    let first = chunk * CHUNK * width;
                    let (x, g) = (&x[first..first + dx.len()], &g[first..first + dx.len()]);
                    let mut scaled = vec![0.0; width];
                    for ((dx, x), g) in dx.chunks_exact_mut(width).zip(x.chunks_exact(width)).zip(g.chunks_exact(width)) {
                        let scale = inverse_rms(x, epsilon);
                        for ((s, g), w) in scaled.iter_mut().zip(g).zip(w) {
                            *s = g * w;
                        }
                        let projection = dot(&scaled, x) * scale * scale / width as f32;
                        for i in 0..width {
                            dx[i] = (scaled[i] - x[i] * projection) * scale;
                            dw[i] += g[i] * x[i] * scale;
                        }
                    }
                });
            },
        );
    }
    let mut dw = vec![0.0; width];
    for chunk in partial.chunks_exact(width.max(1)) {
        for (sum, part) in dw.iter_mut().zip(chunk) {
            *sum += part;
        }
    }
    (tensor(dx, [tokens, width]), tensor(dw, [width]))
}
