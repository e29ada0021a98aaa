//! What a model thinks of given tokens.

use std::sync::Arc;

use serde::Serialize;

use crate::{CausalLm, PackedBatch, kernels::token_logprobs};

/// Logits that exist at a time: at most 64 MiB of them, or one row.
const MAX_LOGITS: usize = 1 << 24;

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
    assert!(!ids.is_empty(), "there is no token to score");
    let head = model.head();
    let ([vocab, d_model], tokens) = (head.weight.dims(), ids.len());
    assert!(ids.iter().all(|id| (*id as usize) < vocab), "a token lies outside the vocabulary of {vocab}");
    let hidden = head.normalize(model.hidden(&PackedBatch::from_sequences(&[ids])));
    // Nothing is known to follow the last token; what is computed for it is left out.
    let targets: Vec<u32> = ids[1..].iter().copied().chain([0]).collect();
    let mut scores = Scores { logprobs: Vec::with_capacity(tokens), greedy: Vec::with_capacity(tokens) };
    let rows = (MAX_LOGITS / vocab).max(1);
    for first in (0..tokens).step_by(rows) {
        let last = (first + rows).min(tokens);
        let chunk = hidden.clone().slice([first..last, 0..d_model]);
        let logits = chunk.clone().matmul(head.weight.clone().transpose());
        let logits: Vec<f32> =
            logits.into_data().convert::<f32>().try_to_vec().expect("the data was converted to f32");
        scores.greedy.extend(logits.chunks_exact(vocab).map(most_probable));
        let chunk_targets = Arc::from(&targets[first..last]);
        let scored = token_logprobs(chunk, head.weight.clone(), &chunk_targets, 1.0);
        let scored: Vec<f32> =
            scored.into_data().convert::<f32>().try_to_vec().expect("the data was converted to f32");
        scores.logprobs.extend(scored.iter().step_by(2));
    }
    scores.logprobs.pop();
    scores
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
