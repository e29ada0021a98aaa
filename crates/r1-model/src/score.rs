//! What a model thinks of given tokens.

use std::sync::Arc;

use serde::Serialize;

use crate::{
    CausalLm, PackedBatch,
    kernels::{
        packed_linear,
        token_logprobs::{chunk_rows, token_logprobs},
    },
};

/// How probable a model finds a sequence, token by token.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Scores {
    /// `log p(ids[t] | ids[..t])` for each `t` from 1, in nats: one fewer than there are tokens.
    pub logprobs: Vec<f32>,
    /// The most probable next token after each position, of equals the smallest id.
    pub greedy: Vec<u32>,
}

/// Scores a sequence at temperature 1, with the same kernels that training uses.
///
/// The logits are computed in chunks of rows and never exist as a whole.
///
/// # Panics
/// When `ids` is empty or names a token outside the vocabulary.
///
/// # Examples
/// ```no_run
/// use r1_model::{LanguageModel, score};
///
/// let model = LanguageModel::load("checkpoints/smollm2-135m", &r1_model::device()?)?;
/// let ids = model.tokenizer.encode("The capital of France is Paris")?;
/// let scores = score(&model.model, &ids);
/// assert_eq!((scores.logprobs.len(), scores.greedy.len()), (ids.len() - 1, ids.len()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn score<M: CausalLm>(model: &M, ids: &[u32]) -> Scores {
    score_in_chunks(model, ids, chunk_rows(ids.len(), model.head().vocab()))
}

fn score_in_chunks<M: CausalLm>(model: &M, ids: &[u32], rows: usize) -> Scores {
    assert!(!ids.is_empty(), "there is no token to score");
    let head = model.head();
    let (vocab, tokens) = (head.vocab(), ids.len());
    assert!(ids.iter().all(|id| (*id as usize) < vocab), "a token lies outside the vocabulary of {vocab}");
    let hidden = head.normalize(model.hidden(&PackedBatch::from_sequences(&[ids])));
    let [_, d_model] = hidden.dims();
    // Nothing is known to follow the last token; what is computed for it is left out.
    let targets: Vec<u32> = ids[1..].iter().copied().chain([0]).collect();
    let mut scores = Scores { logprobs: Vec::with_capacity(tokens), greedy: Vec::with_capacity(tokens) };
    for first in (0..tokens).step_by(rows) {
        let last = (first + rows).min(tokens);
        let chunk = hidden.clone().slice([first..last, 0..d_model]);
        let logits = match &head.packed {
            Some(packed) => packed_linear(chunk.clone(), packed),
            None => chunk.clone().matmul(head.weight.clone().transpose()),
        };
        let logits: Vec<f32> =
            logits.into_data().convert::<f32>().try_to_vec().expect("the data was converted to f32");
        scores.greedy.extend(logits.chunks_exact(vocab).map(most_probable));
        if head.packed.is_some() {
            let rows = logits.chunks_exact(vocab).zip(&targets[first..last]);
            scores.logprobs.extend(rows.map(|(row, target)| log_softmax_at(row, *target)));
            continue;
        }
        let chunk_targets = Arc::from(&targets[first..last]);
        let scored = token_logprobs(chunk, head.weight.clone(), &chunk_targets, 1.0);
        let scored: Vec<f32> =
            scored.into_data().convert::<f32>().try_to_vec().expect("the data was converted to f32");
        scores.logprobs.extend(scored.iter().step_by(2));
    }
    scores.logprobs.pop();
    scores
}

/// `log softmax(logits)[id]`
fn log_softmax_at(logits: &[f32], id: u32) -> f32 {
    let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let total: f64 = logits.iter().map(|logit| f64::from(logit - largest).exp()).sum();
    (f64::from(logits[id as usize] - largest) - total.ln()) as f32
}

fn most_probable(logits: &[f32]) -> u32 {
    let mut best = 0;
    for (id, logit) in logits.iter().enumerate() {
        if *logit > logits[best] {
            best = id;
        }
    }
    best as u32
}

#[cfg(all(test, feature = "flex"))]
mod tests {
    use std::path::Path;

    use burn::tensor::Device;

    use super::*;
    use crate::{Architecture, ModelConfig, Transformer};

    fn model() -> Transformer {
        let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/llama-tied/config.json");
        Transformer::random(&ModelConfig::read(&golden).unwrap(), 1, &Device::flex())
    }

    #[test]
    fn chunks_do_not_change_the_scores() {
        let (model, ids): (_, Vec<u32>) = (model(), (0..50).map(|index| index * 13 % 96).collect());
        let whole = score(&model, &ids);
        assert_eq!((whole.logprobs.len(), whole.greedy.len()), (49, 50));
        for rows in [1, 7, 49, 50] {
            let chunked = score_in_chunks(&model, &ids, rows);
            assert_eq!(chunked.greedy, whole.greedy);
            for (a, b) in chunked.logprobs.iter().zip(&whole.logprobs) {
                assert!((a - b).abs() < 1e-5, "{a} {b}");
            }
        }
    }

    #[test]
    fn scores_are_the_log_softmax_of_the_logits() {
        let (model, ids) = (model(), [5, 17, 3, 90]);
        let logits = model.head().logits(model.hidden(&PackedBatch::from_sequences(&[ids])));
        let logits = logits.into_data().try_to_vec::<f32>().unwrap();
        let scores = score(&model, &ids);
        for (t, row) in logits.chunks_exact(96).enumerate() {
            let total: f64 = row.iter().map(|logit| f64::from(*logit).exp()).sum();
            let largest = row.iter().copied().fold(f32::MIN, f32::max);
            assert_eq!(row[scores.greedy[t] as usize], largest);
            if let (Some(next), Some(found)) = (ids.get(t + 1), scores.logprobs.get(t)) {
                let expected = f64::from(row[*next as usize]) - total.ln();
                assert!((f64::from(*found) - expected).abs() < 1e-5, "{found} {expected}");
            }
        }
    }
}
