//! What all parts of an answer have in common.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{Inner, answer::Usage, now, parameters::Asked, random};

/// Names an answer, and says what its parts tell.
pub(super) struct Envelope {
    pub(super) inner: Arc<Inner>,
    /// Whether log-probabilities are told.
    pub(super) logprobs: bool,
    /// Whether token ids are told.
    pub(super) ids: bool,
    pub(super) include_usage: bool,
    id: String,
    created: u64,
}

impl Envelope {
    pub(super) fn new(inner: Arc<Inner>, asked: &Asked, prefix: &str, logprobs: bool) -> Self {
        let (ids, include_usage) = (asked.return_token_ids, asked.include_usage);
        let id = format!("{prefix}-{:016x}", random());
        Self { inner, logprobs, ids, include_usage, id, created: now() }
    }

    /// An answer, or a part of one, without its choices.
    pub(super) fn value(&self, object: &str, weights_version: u64) -> Value {
        json!({
            "id": self.id, "object": object, "created": self.created, "model": self.inner.model().name,
            "system_fingerprint": format!("weights-{weights_version}"), "weights_version": weights_version,
        })
    }

    /// The last part of a stream, if usage was asked for.
    pub(super) fn usage(&self, object: &str, usage: Usage, weights_version: u64) -> Option<Value> {
        let mut part = self.value(object, weights_version);
        (part["choices"], part["usage"]) = (json!([]), usage.value());
        self.include_usage.then_some(part)
    }
}
