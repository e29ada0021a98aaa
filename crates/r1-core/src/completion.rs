//! Completions: sampled token ids with their text and their end.

use serde::{Deserialize, Serialize};

use crate::{Response, TurnSpan};

/// The reason a completion ended. A limit that cut it off is not the same as the model's own end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FinishReason {
    /// The model ended its turn: a stop id or a stop string.
    Stop,
    /// The limit of tokens cut it off.
    Length,
    /// It was caught in a loop and cut off.
    Loop,
    /// The caller cancelled it.
    Cancelled,
}

impl FinishReason {
    /// True when something cut it off before its own end.
    pub fn is_cut(self) -> bool {
        self != Self::Stop
    }
}

/// One sampled answer to a prompt.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Completion {
    /// The sampled token ids without the prompt, the stop id included. Never re-tokenised.
    pub ids: Vec<u32>,
    /// `log softmax(logits / temperature)[id]` over the whole vocabulary for each of `ids`, in nats.
    pub logprobs: Vec<f32>,
    /// The log-probabilities under the truncated distribution, when top-p, top-k or min-p was on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sampled_logprobs: Option<Vec<f32>>,
    /// The decoded text without the stop token.
    pub text: String,
    /// The reason it ended.
    pub finish: FinishReason,
    /// True when the prompt already opened the thoughts (`<think>`), so `text` starts inside them.
    #[serde(default)]
    pub think_prefilled: bool,
    /// Who wrote which of the tokens, in order; empty when the policy wrote all of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub turns: Vec<TurnSpan>,
    /// How many updates the weights had seen that wrote it; `None` when nobody says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weights_version: Option<u64>,
}

impl Completion {
    /// A completion known by its text alone, for rewards and tests.
    pub fn from_text(text: impl Into<String>, finish: FinishReason) -> Self {
        Self {
            ids: Vec::new(),
            logprobs: Vec::new(),
            sampled_logprobs: None,
            text: text.into(),
            finish,
            think_prefilled: false,
            turns: Vec::new(),
            weights_version: None,
        }
    }

    /// Its text split into thoughts and answer; see [`Response::parse`].
    pub fn response(&self) -> Response<'_> {
        Response::parse(&self.text, self.think_prefilled)
    }
}
