//! Loss and gradient of one update, micro-batch after micro-batch.

use burn::tensor::{Int, Tensor, TensorData};
use r1_model::{CausalLm, GradientStore};
use r1_train::{Recompute, backward};

use crate::{
    PairwiseInputs, PointwiseInputs, RewardModel,
    encode::{EncodedRow, Target},
    pack::{ScoreBatch, pack},
    pairwise_loss, pointwise_loss,
    tally::Tally,
};

/// Loss and gradient of an update. The model itself stays untracked.
pub(crate) struct RewardPass {
    pub(crate) gradients: GradientStore,
    pub(crate) tally: Tally,
}

/// Computes the mean loss over these rows, and its gradient.
pub(crate) fn reward_pass<M: CausalLm>(
    model: &RewardModel<M>,
    rows: &[EncodedRow],
    max_tokens: usize,
    recompute: Recompute,
) -> RewardPass {
    let (mut gradients, mut tally) = (GradientStore::new(), Tally::default());
    for ScoreBatch { batch, rows: places, items } in pack(rows.iter().map(|row| &row.texts), max_tokens) {
        let (of_batch, mut seen) = (&rows[items], None);
        let loss = backward(model, &batch, recompute, &mut gradients, |hidden, head| {
            let scores = RewardModel::<M>::score_rows(hidden, head, &places);
            seen = Some(scores.clone().inner());
            loss(scores, of_batch, rows.len())
        });
        tally.add(number(loss), &numbers(seen.expect("the loss was computed")), of_batch);
    }
    RewardPass { gradients, tally }
}

/// Judges these rows without a gradient.
pub(crate) fn judge<M: CausalLm>(model: &RewardModel<M>, rows: &[EncodedRow], max_tokens: usize) -> Tally {
    let mut tally = Tally::default();
    for ScoreBatch { batch, rows: places, items } in pack(rows.iter().map(|row| &row.texts), max_tokens) {
        let scores = RewardModel::<M>::score_rows(model.hidden(&batch), model.head(), &places);
        let of_batch = &rows[items];
        tally.add(number(loss(scores.clone(), of_batch, rows.len())), &numbers(scores), of_batch);
    }
    tally
}

/// The share of these rows in the mean loss of `total_rows`. A pair has two scores, a labelled response one, a response
/// in steps one for each.
fn loss(scores: Tensor<1>, rows: &[EncodedRow], total_rows: usize) -> Tensor<1> {
    let device = scores.device();
    let (mut chosen, mut rejected, mut margins) = (Vec::new(), Vec::new(), Vec::new());
    let (mut labelled, mut labels, mut weights) = (Vec::new(), Vec::new(), Vec::new());
    let mut place = 0;
    for row in rows {
        let of_row = match &row.target {
            Target::Pair { margin } => {
                chosen.push(place);
                rejected.push(place + 1);
                margins.push(*margin);
                place += 2;
                continue;
            }
            Target::Label(label) => std::slice::from_ref(label),
            Target::Steps(labels) => labels,
        };
        for label in of_row {
            labelled.push(place);
            labels.push(*label);
            // The steps of a row weigh as much as one label.
            weights.push(1.0 / of_row.len() as f64);
            place += 1;
        }
    }
    let select = |places: Vec<i32>| {
        let count = places.len();
        scores.clone().select(0, Tensor::<1, Int>::from_data(TensorData::new(places, [count]), &device))
    };
    let constant = |values: Vec<f64>| {
        let count = values.len();
        Tensor::<1>::from_data(TensorData::new(values, [count]), (&device, scores.dtype()))
    };
    let mut parts = Vec::new();
    if !chosen.is_empty() {
        let margins = margins.iter().any(|margin| *margin != 0.0).then(|| constant(margins));
        let (chosen, rejected) = (select(chosen), select(rejected));
        parts.push(pairwise_loss(PairwiseInputs { chosen, rejected, margins, total_rows }));
    }
    if !labelled.is_empty() {
        let weights = weights.iter().any(|weight| *weight != 1.0).then(|| constant(weights));
        let (scores, labels) = (select(labelled), constant(labels));
        parts.push(pointwise_loss(PointwiseInputs { scores, labels, weights, total_rows }));
    }
    parts.into_iter().reduce(|a, b| a + b).expect("a batch has rows")
}

fn number(tensor: Tensor<1>) -> f64 {
    numbers(tensor)[0]
}

fn numbers(tensor: Tensor<1>) -> Vec<f64> {
    tensor.into_data().convert::<f64>().try_to_vec().expect("the data was converted to f64")
}

#[cfg(all(test, feature = "flex"))]
mod tests;
