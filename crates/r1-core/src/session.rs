//! Writers that work step by step, while requests come and go.
//!
//! [`Generate`](crate::Generate) answers a batch and returns; a [`Session`] stays. Whoever holds one adds a [`Request`], takes
//! the [`Event`]s of each [`step`](Session::step), and ends or cancels what is no longer wanted. A session knows token ids
//! and probabilities, no text: stop texts, thoughts and tools are its holder's.

mod constraint;
mod event;
mod request;

pub use constraint::{Allowed, Constraint};
pub use event::{Event, Token};
pub use request::{Refused, Request, RequestId, SequenceId};

use crate::FinishReason;

/// **A type that implements `Session` writes completions token by token, and takes new requests while it does.**
///
/// A completion depends on its request and the weights alone, never on what else the session writes: the draw at position
/// `i` of sample `s` is that of `key.for_sample(s)` at `i`.
pub trait Session: Send {
    /// Takes a request, which waits until there is room for it.
    ///
    /// # Errors
    /// When it can never be answered, or too many wait already.
    fn add(&mut self, request: Request) -> Result<RequestId, Refused>;

    /// Writes on: a part of a prompt, or one or more tokens, of each sequence that runs. What happened is in the order in
    /// which it happened; nothing when there is nothing to do.
    fn step(&mut self) -> Vec<Event>;

    /// Keeps the first `written` tokens of a sequence and ends it, as when a stop text is complete. Does nothing to a
    /// sequence that has ended; the event of the end comes with the next step.
    fn end(&mut self, sequence: SequenceId, written: usize, finish: FinishReason);

    /// Keeps the first `written` tokens of a sequence and puts `ids` behind them as if another author had written them; the
    /// sequence then goes on. Ids that the model does not have are left out. Does nothing to a sequence that has ended.
    ///
    /// A [`Constraint`] cannot forget what it has accepted, so of a request that has one `written` must be all.
    fn force(&mut self, sequence: SequenceId, written: usize, ids: &[u32]);

    /// Ends every sequence of a request with [`FinishReason::Cancelled`].
    fn cancel(&mut self, request: RequestId);

    /// What it is busy with.
    fn load(&self) -> Load;
}

/// What a session is busy with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Load {
    /// Sequences that are being written.
    pub running: usize,
    /// Sequences that wait.
    pub waiting: usize,
    /// Tokens in the cache that running sequences need.
    pub used_tokens: usize,
    /// Tokens in the cache that nobody needs now, kept for prompts that begin alike.
    pub kept_tokens: usize,
    /// Tokens that the cache can hold.
    pub capacity_tokens: usize,
    /// Tokens of prompts that were found in the cache so far.
    pub reused_tokens: u64,
    /// How often a sequence was preempted so far, to be computed again later.
    pub preemptions: u64,
}
