//! What the engine is asked for, and what it writes.

use r1_core::{FinishReason, Key};

use super::Sampler;

/// A prompt and how many completions it gets.
#[derive(Debug, Clone)]
pub struct Request {
    /// The prompt's token ids; at least one, fewer than the model's context.
    pub prompt: Vec<u32>,
    /// Completions to write.
    pub samples: usize,
    /// Sample `i` draws with `key.for_sample(i)`.
    pub key: Key,
}

/// A written completion.
#[derive(Debug, Clone, PartialEq)]
pub struct Generated {
    /// Token ids without the prompt, the stop id included.
    pub ids: Vec<u32>,
    /// See [`Draw::logprob`](super::Draw::logprob).
    pub logprobs: Vec<f32>,
    /// See [`Draw::sampled_logprob`](super::Draw::sampled_logprob); `None` when nothing was cut off.
    pub sampled_logprobs: Option<Vec<f32>>,
    /// Why it ended.
    pub finish: FinishReason,
}

/// How completions are drawn and when they end.
#[derive(Clone, Copy)]
pub struct Limits<'a> {
    /// Draws the tokens.
    pub sampler: Sampler,
    /// Most tokens of a completion.
    pub max_tokens: usize,
    /// Ids that end a completion.
    pub stop_ids: &'a [u32],
    /// Ids that are never drawn; log-probabilities are those of the whole vocabulary all the same.
    pub forbidden: &'a [u32],
    /// Called with a completion's ids after each token; true ends it.
    pub stop: &'a (dyn Fn(&[u32]) -> bool + Sync),
    /// Called before each step; true ends every completion.
    pub cancelled: &'a dyn Fn() -> bool,
}

impl std::fmt::Debug for Limits<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Limits")
            .field("sampler", &self.sampler)
            .field("max_tokens", &self.max_tokens)
            .finish()
    }
}
