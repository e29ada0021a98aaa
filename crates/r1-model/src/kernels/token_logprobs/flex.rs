//! The CPU kernel: chunks of rows, logits computed again in the backward pass.

use std::ops::Range;

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

    fn scale_row(row: &mut [f32], factor: f32) {
        for element in row {
            *element *= factor;
        }
    }
}

/// What [`backward`] needs beside the inputs, see [`Saved`](super::Saved).
pub(crate) struct Saved {
    pub(crate) output: FlexTensor,
    pub(crate) lse: FlexTensor,
    pub(crate) kept: Option<[FlexTensor; 2]>,
}

pub(crate) fn forward(hidden: FlexTensor, weight: FlexTensor, targets: &[u32], temperature: f32) -> Saved {
    let (hidden, weight) = (contiguous(hidden), contiguous(weight));
    let ([tokens, width], [vocab, _]) = (dims2(&hidden), dims2(&weight));
    let (hidden, weight) = (slice(&hidden), slice(&weight));
    const RESULTS: usize = 4;
    let mut results = vec![0.0; tokens * RESULTS];
    let mut kept = None;
    for rows in chunks(tokens, vocab) {
        drop(kept.take());
        let mut logits = product(&hidden[rows.start * width..], weight, [rows.len(), vocab, width]);
        let results = &mut results[rows.start * RESULTS..rows.end * RESULTS];
        use rayon::prelude::*;
        logits
            .par_chunks_mut(vocab)
            .zip(results.par_chunks_mut(RESULTS))
            .zip(&targets[rows.clone()])
            .for_each(|((logits, result), target)| {
                let inverse = 1.0 / temperature;
                let chosen = logits[*target as usize] * inverse;
                let row = normalize(logits, inverse);
                let lse = row.log_sum_exp() as f32;
                result.copy_from_slice(&[row.logprob(chosen), row.entropy(), lse, row.inverse_total()]);
            });
        kept = Some((logits, rows));
    }
    let output = results.chunks_exact(RESULTS).flat_map(|row| [row[0], row[1]]).collect();
    let column = |place: usize| results.chunks_exact(RESULTS).map(move |row| row[place]);
    Saved {
        output: tensor(output, [tokens, 2]),
        lse: tensor(column(2).collect(), [tokens, 1]),
        kept: kept.map(|(exponentials, rows)| {
            let inverse = column(3).skip(rows.start).collect();
            [tensor(exponentials, [rows.len(), vocab]), tensor(inverse, [rows.len(), 1])]
        }),
    }
}

/// Ranges of rows whose logits exist at a time.
fn chunks(tokens: usize, vocab: usize) -> impl DoubleEndedIterator<Item = Range<usize>> {
    let step = chunk_rows(tokens, vocab);
    (0..tokens.div_ceil(step)).map(move |index| index * step..tokens.min((index + 1) * step))
}

/// Gradients of the hidden states and of the weight, the latter if it is wanted.
pub(crate) fn backward(
    gradient: FlexTensor,
    states: [FlexTensor; 2],
    targets: &[u32],
    temperature: f32,
    Saved { output, lse, mut kept }: Saved,
    weight_wanted: bool,
) -> (FlexTensor, Option<FlexTensor>) {
    let [hidden, weight] = states.map(contiguous);
    let (gradient, output) = (contiguous(gradient), contiguous(output));
    let ([tokens, width], [vocab, _]) = (dims2(&hidden), dims2(&weight));
    let (gradient, output, lse) = (slice(&gradient), slice(&output), slice(&lse));
    let (hidden, weight) = (slice(&hidden), slice(&weight));
    let inverse = 1.0 / temperature;
    let mut dhidden = vec![0.0; tokens * width];
    let mut dweight = Vec::new();
    // The chunk that was kept is the last one; it comes first, so that no other exists beside it.
    for rows in chunks(tokens, vocab).rev() {
        // The logarithms that the entropy's gradient needs are gone from what was kept.
        let usable = rows.clone().all(|row| gradient[2 * row + 1] == 0.0);
        let dlogits = match kept.take().filter(|_| usable) {
            Some([mut exponentials, inverse_totals]) => {
                let inverse_totals = slice(&inverse_totals);
                for_row_chunks(exponentials.storage_mut(), vocab, 1, |row, exponentials| {
                    let token = rows.start + row;
                    let g = gradient[2 * token] * inverse;
                    scale_row(exponentials, -inverse_totals[row] * g);
                    exponentials[targets[token] as usize] += g;
                });
                exponentials
            }
            None => {
                let mut logits = product(&hidden[rows.start * width..], weight, [rows.len(), vocab, width]);
                for_row_chunks(&mut logits, vocab, 1, |row, logits| {
                    let token = rows.start + row;
                    let (g, e) = (gradient[2 * token], gradient[2 * token + 1]);
                    backward_row(logits, [g, e, lse[token], output[2 * token + 1]], inverse);
                    logits[targets[token] as usize] += g * inverse;
                });
                tensor(logits, [rows.len(), vocab])
            }
        };
        let dlogits = |transposed| Matrix { data: slice(&dlogits), width: vocab, transposed };
        let plain_weight = Matrix { data: weight, width, transposed: false };
        let part = &mut dhidden[rows.start * width..rows.end * width];
        matmul_onto([rows.len(), width, vocab], dlogits(false), plain_weight, part);
        if !weight_wanted {
            continue;
        }
        let hidden = Matrix { data: &hidden[rows.start * width..], width, transposed: false };
        if dweight.is_empty() {
            dweight = matmul([vocab, width, rows.len()], dlogits(true), hidden);
        } else {
            matmul_onto([vocab, width, rows.len()], dlogits(true), hidden, &mut dweight);
        }
    }
    if tokens == 0 {
        dweight = vec![0.0; vocab * width];
    }
    (tensor(dhidden, [tokens, width]), weight_wanted.then(|| tensor(dweight, [vocab, width])))
}
