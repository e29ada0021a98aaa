//! Log-probabilities of given tokens straight from the hidden states.

#[cfg_attr(not(feature = "flex"), allow(dead_code))]
pub(crate) mod row;
pub(crate) mod portable;
#[cfg(feature = "flex")]
pub(crate) mod flex;

use std::sync::Arc;

use burn::backend::Dispatch;
use burn::tensor::{Int, Tensor, TensorData, activation::log_softmax};

use super::differentiable::Differentiable;

/// What the backward pass needs beside the inputs.
#[derive(Debug, Clone)]
pub(crate) struct Saved {
    /// `[tokens, 2]`: log-probability and entropy.
    pub(crate) output: Tensor<2>,
    /// `[tokens, 1]`: each row's log-sum-exp.
    pub(crate) lse: Tensor<2>,
    /// The last chunk as the forward pass left it, where there is one: `exp(z / T − highest)` as `[rows, vocab]`, and
    /// `1 / Σ` of each row as `[rows, 1]`. Both passes need room for one chunk, so between them it costs nothing.
    #[cfg_attr(not(feature = "flex"), allow(dead_code))]
    pub(crate) kept: Option<[Tensor<2>; 2]>,
}

/// Most logits that exist at a time: 72 MiB of them in `f32`.
const MOST_LOGITS: usize = 18 << 20;

/// Rows whose logits exist at a time, at least 16 of them; the chunks are as good as equal.
pub fn chunk_rows(tokens: usize, vocab: usize) -> usize {
    let most = (MOST_LOGITS / vocab.max(1)).max(16);
    tokens.div_ceil(tokens.div_ceil(most).max(1)).max(1)
}

/// The log-probability of each row's target and the entropy of its distribution.
///
/// ```text
/// z_t = h_t Wᵀ / T          logprob_t = z_t[target_t] − log Σ_j exp z_tj
/// p_t = softmax(z_t)        entropy_t = − Σ_j p_tj log p_tj
/// ```
///
/// The logits never exist as a whole: rows are worked on in chunks, and all but the last once more in the
/// backward pass.
///
/// # Shapes
/// - `hidden`: `[tokens, d_model]`, after the final norm
/// - `weight`: `[vocab, d_model]`
/// - `targets`: `[tokens]`
/// - output: `[tokens, 2]`, log-probability and entropy in nats
///
/// # Gradients
/// Flow into `hidden` and `weight` through both columns. With the row's gradients `g` and `e`:
/// `dz_j = (g (1[j = target] − p_j) − e p_j (log p_j + entropy)) / T`.
///
/// # Panics
/// When a target lies outside the vocabulary, their number is not `tokens`, or `temperature` is not
/// positive.
pub fn token_logprobs(
    hidden: Tensor<2>,
    weight: Tensor<2>,
    targets: &Arc<[u32]>,
    temperature: f64,
) -> Tensor<2> {
    let ([tokens, _], [vocab, _]) = (hidden.dims(), weight.dims());
    assert_eq!(targets.len(), tokens, "one target for each row");
    assert!(
        targets.iter().all(|id| (*id as usize) < vocab),
        "a target lies outside the vocabulary of {vocab}"
    );
    assert!(temperature > 0.0, "temperature must be positive, not {temperature}");
    let (hidden, weight) = (hidden.into_dispatch(), weight.into_dispatch());
    Tensor::from_dispatch(Dispatch::token_logprobs(hidden, weight, targets.clone(), temperature))
}

/// [`token_logprobs`] by plain tensor operations, with all logits at once.
pub fn reference(hidden: Tensor<2>, weight: Tensor<2>, targets: &[u32], temperature: f64) -> Tensor<2> {
    let tokens = targets.len();
    let device = hidden.device();
    // Not divided by the temperature, for burn rounds the gradient of a division by a number to `f32`.
    let logits = hidden.matmul(weight.transpose()).mul_scalar(1.0 / temperature);
    let logprobs = log_softmax(logits, 1);
    let entropy = (logprobs.clone().exp() * logprobs.clone()).sum_dim(1).neg();
    let targets: Vec<i32> = targets.iter().map(|id| *id as i32).collect();
    let targets = Tensor::<2, Int>::from_data(TensorData::new(targets, [tokens, 1]), &device);
    Tensor::cat(vec![logprobs.gather(1, targets), entropy], 1)
}

#[cfg(all(test, feature = "flex"))]
mod tests {
    use super::*;
    use crate::kernels::check;

    #[test]
    fn kernel_equals_reference_with_gradients() {
        for (tokens, width, vocab, temperature) in [(1, 3, 2, 1.0), (5, 8, 33, 0.7), (90, 16, 50, 1.3)] {
            let targets: Arc<[u32]> = (0..tokens as u32).map(|t| (t * 13) % vocab as u32).collect();
            check::agree(
                [tokens, 2],
                &[vec![tokens, width], vec![vocab, width]],
                |t| token_logprobs(t[0].clone(), t[1].clone(), &targets, temperature),
                |t| reference(t[0].clone(), t[1].clone(), &targets, temperature),
            );
        }
    }

    #[test]
    fn chunks_do_not_change_the_result() {
        // More rows than one chunk holds at this vocabulary.
        let (tokens, vocab) = (700, 30_000);
        let targets: Arc<[u32]> = (0..tokens as u32).map(|t| (t * 37) % vocab as u32).collect();
        check::agree(
            [tokens, 2],
            &[vec![tokens, 4], vec![vocab, 4]],
            |t| token_logprobs(t[0].clone(), t[1].clone(), &targets, 1.0),
            |t| reference(t[0].clone(), t[1].clone(), &targets, 1.0),
        );
    }

    #[test]
    fn gradients_of_log_probabilities_alone_match_in_one_chunk_and_in_two() {
        // No gradient of the entropy: what the forward pass kept of the last chunk is used.
        for (tokens, width, vocab) in [(5, 8, 33), (700, 4, 30_000)] {
            let targets: Arc<[u32]> = (0..tokens as u32).map(|t| (t * 37) % vocab as u32).collect();
            check::agree(
                [tokens, 1],
                &[vec![tokens, width], vec![vocab, width]],
                |t| token_logprobs(t[0].clone(), t[1].clone(), &targets, 0.7).slice([0..tokens, 0..1]),
                |t| reference(t[0].clone(), t[1].clone(), &targets, 0.7).slice([0..tokens, 0..1]),
            );
        }
    }

    #[test]
    #[should_panic(expected = "outside the vocabulary of 2")]
    fn a_target_outside_the_vocabulary_is_refused() {
        token_logprobs(check::random([1, 3], 0), check::random([2, 3], 1), &vec![2].into(), 1.0);
    }
}
