//! The portable body: chunks of rows, logits computed again in the backward pass.

use std::ops::Range;

use burn::tensor::{IndexingUpdateOp, Int, Tensor, TensorData};

use super::{Saved, chunk_rows};
use crate::kernels::linear;

/// Ranges of rows whose logits exist at a time.
fn chunks(hidden: &Tensor<2>, weight: &Tensor<2>) -> impl Iterator<Item = Range<usize>> {
    let tokens = hidden.dims()[0];
    let step = chunk_rows(tokens, weight.dims()[0]);
    (0..tokens).step_by(step).map(move |first| first..tokens.min(first + step))
}

/// `[rows, 1]`
fn column(targets: &[u32], like: &Tensor<2>) -> Tensor<2, Int> {
    let targets: Vec<i32> = targets.iter().map(|id| *id as i32).collect();
    let rows = targets.len();
    Tensor::from_data(TensorData::new(targets, [rows, 1]), &like.device())
}

/// The output and each row's log-sum-exp.
pub(crate) fn forward(hidden: Tensor<2>, weight: Tensor<2>, targets: &[u32], temperature: f64) -> Saved {
    let (mut outputs, mut lses) = (Vec::new(), Vec::new());
    for rows in chunks(&hidden, &weight) {
        let logits =
            linear::reference(hidden.clone().slice(rows.clone()), weight.clone()).div_scalar(temperature);
        let highest = logits.clone().max_dim(1);
        let lse = (logits.clone() - highest.clone()).exp().sum_dim(1).log() + highest;
        let logprobs = logits - lse.clone();
        let entropy = (logprobs.clone().exp() * logprobs.clone()).sum_dim(1).neg();
        let chosen = logprobs.gather(1, column(&targets[rows], &hidden));
        outputs.push(Tensor::cat(vec![chosen, entropy], 1));
        lses.push(lse);
    }
    if outputs.is_empty() {
        let zeros = |width| Tensor::zeros([0, width], (&hidden.device(), hidden.dtype()));
        return Saved { output: zeros(2), lse: zeros(1), kept: None };
    }
    Saved { output: Tensor::cat(outputs, 0), lse: Tensor::cat(lses, 0), kept: None }
}

/// Gradients of the hidden states and of the weight, the latter if it is wanted.
pub(crate) fn backward(
    gradient: Tensor<2>,
    [hidden, weight]: [Tensor<2>; 2],
    targets: &[u32],
    temperature: f64,
    saved: Saved,
    weight_wanted: bool,
) -> (Tensor<2>, Option<Tensor<2>>) {
    let (mut dhidden, mut dweight) = (Vec::new(), None);
    for rows in chunks(&hidden, &weight) {
        let [states, lse] = [&hidden, &saved.lse].map(|x| x.clone().slice(rows.clone()));
        let pair = |x: &Tensor<2>| [0..1, 1..2].map(|column| x.clone().slice([rows.clone(), column]));
        let ([g, e], [_, entropy]) = (pair(&gradient), pair(&saved.output));
        let logits = linear::reference(states.clone(), weight.clone()).div_scalar(temperature);
        let logprobs = logits - lse;
        let shares = logprobs.clone().exp() * ((logprobs + entropy) * e + g.clone());
        let targets = column(&targets[rows.clone()], &hidden);
        let dlogits = shares.neg().scatter(1, targets, g, IndexingUpdateOp::Add).div_scalar(temperature);
        dhidden.push(dlogits.clone().matmul(weight.clone()));
        if !weight_wanted {
            continue;
        }
        let share = dlogits.transpose().matmul(states);
        dweight = Some(match dweight {
            Some(sum) => sum + share,
            None => share,
        });
    }
    if dhidden.is_empty() {
        return (Tensor::zeros_like(&hidden), weight_wanted.then(|| Tensor::zeros_like(&weight)));
    }
    (Tensor::cat(dhidden, 0), dweight)
}
