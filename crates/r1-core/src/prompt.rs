//! Prompts: content for the policy, and the key of its randomness.

use crate::{Key, Message};

/// A prompt: its content and the [`Key`] that its samples are drawn with.
#[derive(Debug, Clone, PartialEq)]
pub struct Prompt {
    /// The content that the model is shown.
    pub content: Content,
    /// Names the random numbers of this prompt's completions; sample `i` of a group uses
    /// `key.for_sample(i)`.
    pub key: Key,
}

/// The forms a prompt can have before it is encoded.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// Token ids, used as they are.
    Ids(Vec<u32>),
    /// Text, encoded as it stands, without special tokens around it.
    Text(String),
    /// A conversation, rendered by the model's chat template up to the assistant's turn.
    Messages(Vec<Message>),
}

impl Prompt {
    /// A prompt of plain text.
    pub fn text(text: impl Into<String>, key: Key) -> Self {
        Self { content: Content::Text(text.into()), key }
    }
}
