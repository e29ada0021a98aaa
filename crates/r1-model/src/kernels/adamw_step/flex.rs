//! The CPU kernel: one pass over the four arrays, in place.

use burn_flex::FlexTensor;
use rayon::prelude::*;

use super::StepConstants;
use crate::kernels::{
    flex::{CHUNK, contiguous, slice, slice_mut},
    simd::vectorized,
};

/// The step's constants as the loop needs them.
#[derive(Clone, Copy)]
struct Factors {
    clip: f32,
    beta: [f32; 2],
    rest: [f32; 2],
    rate: f32,
    correct2: f32,
    keep: f32,
    epsilon: f32,
}

impl From<&StepConstants> for Factors {
    fn from(constants: &StepConstants) -> Self {
        let StepConstants { betas, epsilon, weight_decay, clip, learning_rate, bias_corrections } =
            *constants;
        Self {
            clip: clip as f32,
            beta: betas.map(|beta| beta as f32),
            rest: betas.map(|beta| (1.0 - beta) as f32),
            rate: (learning_rate / bias_corrections[0]) as f32,
            correct2: (1.0 / bias_corrections[1]).sqrt() as f32,
            keep: (1.0 - learning_rate * weight_decay) as f32,
            epsilon: epsilon as f32,
        }
    }
}

vectorized! {
    fn update_chunk(w: &mut [f32], g: &[f32], m: &mut [f32], v: &mut [f32], factors: Factors) {
        let Factors { clip, beta, rest, rate, correct2, keep, epsilon } = factors;
        for (((w, g), m), v) in w.iter_mut().zip(g).zip(m).zip(v) {
            let g = g * clip;
            *m = *m * beta[0] + g * rest[0];
            *v = *v * beta[1] + g * g * rest[1];
            *w = *w * keep - rate * *m / (v.sqrt() * correct2 + epsilon);
        }
    }
}

/// The new weight and moments.
pub(crate) fn adamw_step(
    mut weight: FlexTensor,
    gradient: FlexTensor,
    [mut first, mut second]: [FlexTensor; 2],
    constants: &StepConstants,
) -> (FlexTensor, [FlexTensor; 2]) {
    let (gradient, factors) = (contiguous(gradient), Factors::from(constants));
    slice_mut(&mut weight)
        .par_chunks_mut(CHUNK)
        .zip(slice(&gradient).par_chunks(CHUNK))
        .zip(slice_mut(&mut first).par_chunks_mut(CHUNK))
        .zip(slice_mut(&mut second).par_chunks_mut(CHUNK))
        .for_each(|(((w, g), m), v)| update_chunk(w, g, m, v, factors));
    (weight, [first, second])
}
