//! The CPU kernels: fixed chunks, on all threads.

use burn_flex::FlexTensor;
use rayon::prelude::*;

use crate::kernels::{
    flex::{CHUNK, contiguous, dims2, slice, slice_mut},
    simd::{dot, vectorized},
};

vectorized! {
    fn add_chunk(sum: &mut [f32], term: &[f32]) {
        for (sum, term) in sum.iter_mut().zip(term) {
            *sum += term;
        }
    }

    fn squares(values: &[f32]) -> f32 {
        dot(values, values)
    }
}

pub(crate) fn add_onto(mut sum: FlexTensor, term: FlexTensor) -> FlexTensor {
    let term = contiguous(term);
    let chunks = slice_mut(&mut sum).par_chunks_mut(CHUNK);
    chunks.zip(slice(&term).par_chunks(CHUNK)).for_each(|(sum, term)| add_chunk(sum, term));
    sum
}

/// One row after the other, for ids may repeat.
pub(crate) fn add_rows_onto(mut sum: FlexTensor, ids: &[u32], rows: FlexTensor) -> FlexTensor {
    let ([_, width], rows) = (dims2(&sum), contiguous(rows));
    let elements = slice_mut(&mut sum);
    for (id, row) in ids.iter().zip(slice(&rows).chunks_exact(width.max(1))) {
        add_chunk(&mut elements[*id as usize * width..][..width], row);
    }
    sum
}

pub(crate) fn sum_of_squares(x: FlexTensor) -> f64 {
    let x = contiguous(x);
    let chunks = slice(&x).par_chunks(CHUNK);
    let sums: Vec<f64> = chunks.map(|chunk| f64::from(squares(chunk))).collect();
    sums.into_iter().sum()
}
