//! The CPU kernel: chunks of rows, logits computed again in the backward pass.

use burn_flex::FlexTensor;

use super::{chunk_rows, row::normalize};
use crate::kernels::{
    flex::{Matrix, contiguous, dims2, for_row_chunks, matmul, matmul_onto, slice, tensor},
    linear::flex::product,
    simd::{exp, vectorized},
};

vectorized! {
    /// From logits to their gradient, but for the target's share.
    fn backward_row(logits: &mut [f32], terms: [f32; 4], inverse: f32) {
        let [g, e, lse, entropy] = terms;
        for z in logits {
            let logprob = z.mul_add(inverse, -lse);
            *z = -exp(logprob) * (g + e * (logprob + entropy)) * inverse;
        }
    }
}

/// The output and each row's log-sum-exp as `[tokens, 1]`.
pub(crate) fn forward(
    hidden: FlexTensor,
    weight: FlexTensor,
    targets: &[u32],
    temperature: f32,
) -> (FlexTensor, FlexTensor) {
    let (hidden, weight) = (contiguous(hidden), contiguous(weight));
    let ([tokens, width], [vocab, _]) = (dims2(&hidden), dims2(&weight));
    let (hidden, weight) = (slice(&hidden), slice(&weight));
    let rows = chunk_rows(tokens, vocab);
    let mut results = vec![0.0; tokens * 3];
    for first in (0..tokens).step_by(rows) {
        let rows = rows.min(tokens - first);
        let mut logits = product(&hidden[first * width..], weight, [rows, vocab, width]);
        let results = &mut results[first * 3..(first + rows) * 3];
        use rayon::prelude::*;
        logits.par_chunks_mut(vocab).zip(results.par_chunks_mut(3)).zip(&targets[first..]).for_each(
            |((logits, result), target)| {
                let inverse = 1.0 / temperature;
                let chosen = logits[*target as usize] * inverse;
                let row = normalize(logits, inverse);
                result.copy_from_slice(&[row.logprob(chosen), row.entropy(), row.log_sum_exp() as f32]);
            },
        );
    }
    let output = results.chunks_exact(3).flat_map(|row| [row[0], row[1]]).collect();
    let lse = results.chunks_exact(3).map(|row| row[2]).collect();
    (tensor(output, [tokens, 2]), tensor(lse, [tokens, 1]))
}

/// Gradients of the hidden states and of the weight. Saved were the forward pass's two results.
pub(crate) fn backward(
    gradient: FlexTensor,
    hidden: FlexTensor,
    weight: FlexTensor,
    targets: &[u32],
    temperature: f32,
    [output, lse]: [FlexTensor; 2],
) -> [FlexTensor; 2] {
    let (gradient, hidden, weight) = (contiguous(gradient), contiguous(hidden), contiguous(weight));
    let output = contiguous(output);
    let ([tokens, width], [vocab, _]) = (dims2(&hidden), dims2(&weight));
    let (gradient, output, lse) = (slice(&gradient), slice(&output), slice(&lse));
    let (hidden, weight) = (slice(&hidden), slice(&weight));
    let rows = chunk_rows(tokens, vocab);
    let mut dhidden = Vec::with_capacity(tokens * width);
    let mut dweight = Vec::new();
    for first in (0..tokens).step_by(rows) {
        let rows = rows.min(tokens - first);
        let mut logits = product(&hidden[first * width..], weight, [rows, vocab, width]);
        for_row_chunks(&mut logits, vocab, 1, |row, logits| {
            let token = first + row;
            let (g, e) = (gradient[2 * token], gradient[2 * token + 1]);
            let (lse, entropy) = (lse[token], output[2 * token + 1]);
            let inverse = 1.0 / temperature;
            backward_row(logits, [g, e, lse, entropy], inverse);
            logits[targets[token] as usize] += g * inverse;
        });
        let dlogits = |transposed| Matrix { data: &logits, width: vocab, transposed };
        let plain_weight = Matrix { data: weight, width, transposed: false };
        dhidden.extend(matmul([rows, width, vocab], dlogits(false), plain_weight));
        let hidden = Matrix { data: &hidden[first * width..], width, transposed: false };
        if first == 0 {
            dweight = matmul([vocab, width, rows], dlogits(true), hidden);
        } else {
            matmul_onto([vocab, width, rows], dlogits(true), hidden, &mut dweight);
        }
    }
    if tokens == 0 {
        dweight = vec![0.0; vocab * width];
    }
    [tensor(dhidden, [tokens, width]), tensor(dweight, [vocab, width])]
}
