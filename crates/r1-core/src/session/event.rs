//! What happens in a session.

use super::{RequestId, SequenceId};
use crate::FinishReason;

/// Something that happened in a step.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Event {
    /// A sequence has one more token.
    Token {
        /// The sequence.
        sequence: SequenceId,
        /// The token.
        token: Token,
    },
    /// A sequence has ended; no other event of it follows.
    Finished {
        /// The sequence.
        sequence: SequenceId,
        /// The reason.
        finish: FinishReason,
    },
    /// Work on a request has begun; comes once, before its tokens.
    Prompted {
        /// The request.
        request: RequestId,
        /// Tokens of the prompt that had been in the cache before.
        reused: usize,
    },
}

/// A written token.
#[derive(Debug, Clone, PartialEq)]
pub struct Token {
    /// Its id.
    pub id: u32,
    /// `log softmax(logits / temperature)[id]` over the whole vocabulary, in nats; of the logits as they are at temperature
    /// 0. Zero for a forced token.
    pub logprob: f32,
    /// Its log-probability among the tokens that could be drawn, when some could not.
    pub sampled_logprob: Option<f32>,
    /// The most probable ids of the whole vocabulary with their log-probabilities, as many as were asked for, the most
    /// probable first.
    pub top: Vec<(u32, f32)>,
    /// Whether it was put there by [`Session::force`](super::Session::force) and not drawn.
    pub forced: bool,
}
