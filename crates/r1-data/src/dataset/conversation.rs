//! Conversations as data sets write them, with fields that are not ours.

use serde::{Deserialize, Deserializer, de::Error};
use serde_json::Value;

use super::fields::nested;
use r1_core::{Message, Role};

/// The conversation of a list of `{"role": "user", "content": ".."}`, or of `{"from": "human", "value": ".."}`
/// as ShareGPT has it. A content may be a list of parts of text.
pub(super) fn messages(value: &Value) -> Result<Vec<Message>, String> {
    let nested = nested(value);
    let turns = nested.as_array().ok_or_else(|| format!("`{}` is not a list of messages", short(value)))?;
    turns.iter().enumerate().map(|(place, turn)| message(place, turn)).collect()
}

fn message(place: usize, turn: &Value) -> Result<Message, String> {
    let either = |names: [&str; 2]| names.into_iter().find_map(|name| turn.get(name));
    let role = either(["role", "from"]).and_then(Value::as_str);
    let role = match role.ok_or_else(|| format!("message {place} has no `role`"))? {
        // Most templates know no developer.
        "system" | "developer" => Role::System,
        "user" | "human" => Role::User,
        "assistant" | "gpt" => Role::Assistant,
        "tool" => Role::Tool,
        other => {
            return Err(format!(
                "message {place} is by `{other}`; only system, user, assistant and tool are known"
            ));
        }
    };
    let mut fields = serde_json::Map::new();
    fields.insert("role".into(), serde_json::to_value(role).unwrap_or_default());
    fields.extend(either(["content", "value"]).map(|content| ("content".to_owned(), content.clone())));
    for name in ["reasoning_content", "tool_calls", "tool_call_id", "name"] {
        fields.extend(turn.get(name).map(|value| (name.to_owned(), value.clone())));
    }
    serde_json::from_value(Value::Object(fields)).map_err(|error| format!("message {place}: {error}"))
}

/// The conversation before its last turn, which must be the model's, and what that says.
pub(super) fn split_last(mut messages: Vec<Message>) -> Result<(Vec<Message>, String), String> {
    let last = messages.pop().filter(|message| message.role == Role::Assistant);
    let last = last.ok_or("the conversation does not end with the assistant's turn")?;
    if !last.tool_calls.is_empty() {
        return Err("the last turn calls tools; r1 learns turns of text".into());
    }
    let said = match last.reasoning_content.filter(|thoughts| !thoughts.trim().is_empty()) {
        Some(thoughts) if !last.content.contains("</think>") => {
            format!("<think>\n{}\n</think>\n\n{}", thoughts.trim(), last.content)
        }
        _ => last.content,
    };
    Ok((messages, said))
}

/// A text or a conversation.
#[derive(Debug)]
pub(super) enum TextOrTurns {
    Text(String),
    Turns(Vec<Message>),
}

impl TextOrTurns {
    /// By its form, so that what is wrong with one message is said and not that no form fits.
    pub(super) fn read(value: &Value) -> Result<Self, String> {
        match value {
            Value::Array(_) => messages(value).map(Self::Turns),
            // One turn.
            Value::Object(_) => message(0, value).map(|turn| Self::Turns(vec![turn])),
            Value::String(text) => match nested(value) {
                list @ Value::Array(_) if list.get(0).is_some_and(Value::is_object) => {
                    messages(&list).map(Self::Turns)
                }
                _ => Ok(Self::Text(text.clone())),
            },
            other => Err(format!("`{}` is neither a text nor a list of messages", short(other))),
        }
    }
}

impl<'de> Deserialize<'de> for TextOrTurns {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::read(&Value::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

/// Enough of a value to recognise it.
fn short(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(60) {
        Some((end, _)) => format!("{} ..", &text[..end]),
        None => text,
    }
}
