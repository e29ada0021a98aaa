//! Conversations as data sets write them, with fields that are not ours.

use serde::{Deserialize, Deserializer, de::Error};
use serde_json::Value;

use r1_core::{Message, Role};

/// `{"role": "user", "content": ".."}`, and whatever else stands there.
#[derive(Debug, Deserialize)]
pub(super) struct Turn {
    role: String,
    content: Option<String>,
}

/// The conversation in our words.
pub(super) fn messages(turns: Vec<Turn>) -> Result<Vec<Message>, String> {
    let message = |(place, Turn { role, content }): (usize, Turn)| {
        let role = match role.as_str() {
            "system" | "developer" => Role::System,
            "user" => Role::User,
            "assistant" => Role::Assistant,
            other => {
                return Err(format!(
                    "message {place} is by `{other}`; only system, user and assistant are known"
                ));
            }
        };
        let content = content.ok_or_else(|| format!("message {place} has no content"))?;
        Ok(Message { role, content })
    };
    turns.into_iter().enumerate().map(message).collect()
}

/// The conversation before its last turn, which must be the model's, and what that says.
pub(super) fn split_last(mut messages: Vec<Message>) -> Result<(Vec<Message>, String), String> {
    let last = messages.pop().filter(|message| message.role == Role::Assistant);
    let last = last.ok_or("the conversation does not end with the assistant's turn")?;
    Ok((messages, last.content))
}

/// A text or a conversation.
#[derive(Debug)]
pub(super) enum TextOrTurns {
    Text(String),
    Turns(Vec<Turn>),
}

/// By its form, so that what is wrong with one message is said and not that no form fits.
impl<'de> Deserialize<'de> for TextOrTurns {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::String(text) => Ok(Self::Text(text)),
            Value::Array(turns) => {
                serde_json::from_value(turns.into()).map(Self::Turns).map_err(D::Error::custom)
            }
            other => Err(D::Error::custom(format!("`{other}` is neither a text nor a list of messages"))),
        }
    }
}
