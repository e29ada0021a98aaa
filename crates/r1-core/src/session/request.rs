//! What a session is asked to write, and why it may refuse.

use super::Constraint;
use crate::{GenerateError, Key, Sampling};

/// Names a request of a session; never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RequestId(pub u64);

/// Names one of a request's completions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SequenceId {
    /// The request.
    pub request: RequestId,
    /// The completion's index among its samples.
    pub sample: usize,
}

/// A prompt and how its completions are drawn.
#[derive(Debug)]
pub struct Request {
    /// The prompt's token ids; at least one, fewer than the context.
    pub prompt: Vec<u32>,
    /// Completions to write.
    pub samples: usize,
    /// Sample `i` draws with `key.for_sample(i)`.
    pub key: Key,
    /// How tokens are drawn and how many. Its stop ids end a sequence beside the model's own; its stop texts are the
    /// holder's to look for.
    pub sampling: Sampling,
    /// How many of the most probable tokens each [`Token`](super::Token) names.
    pub top_logprobs: usize,
    /// Requests of a higher priority go first; those of the same in the order in which they came.
    pub priority: i32,
    /// What may be written, if not everything may.
    pub constraint: Option<Box<dyn Constraint>>,
}

impl Request {
    /// A request for one completion, drawn as [`Sampling::default`] says.
    pub fn new(prompt: Vec<u32>, key: Key) -> Self {
        Self {
            prompt,
            samples: 1,
            key,
            sampling: Sampling::default(),
            top_logprobs: 0,
            priority: 0,
            constraint: None,
        }
    }

    /// The same with other settings of sampling.
    pub fn with_sampling(self, sampling: Sampling) -> Self {
        Self { sampling, ..self }
    }

    /// The same for so many completions.
    pub fn with_samples(self, samples: usize) -> Self {
        Self { samples, ..self }
    }
}

/// Why a session does not take a request.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Refused {
    /// A prompt without any token.
    #[error("the prompt is empty; give at least one token")]
    EmptyPrompt,
    /// The prompt leaves no room for a completion.
    #[error("the prompt has {tokens} tokens; there is room for {room} in all, so shorten it")]
    PromptTooLong {
        /// Its length in tokens.
        tokens: usize,
        /// Most tokens of a prompt with its completion.
        room: usize,
    },
    /// An id that the model does not have.
    #[error("the prompt has the token id {id}; the vocabulary has {vocab} ids")]
    TokenId {
        /// The id.
        id: u32,
        /// How many ids there are.
        vocab: usize,
    },
    /// A setting of sampling is out of range.
    #[error(transparent)]
    Sampling(#[from] GenerateError),
    /// The queue is full.
    #[error("{waiting} sequences wait already; try again later")]
    Full {
        /// How many wait.
        waiting: usize,
    },
}
