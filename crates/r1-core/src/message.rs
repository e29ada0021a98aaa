//! One turn of a conversation.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The speaker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Instructions that stand before the conversation.
    System,
    /// Instructions of the program's maker, where a template tells them from the system's.
    Developer,
    /// The person.
    User,
    /// The model.
    Assistant,
    /// What a tool answered that the model called.
    Tool,
}

/// One turn: a role and what it says, as the chat templates of models read it.
///
/// A content that is a list of parts of text becomes their text; whatever else a turn says reaches the template as it was
/// written, for templates differ: some want the arguments of a call as an object and some as text, some a content beside
/// calls that is null and some an empty one.
///
/// ```
/// use r1_core::{Message, Role};
///
/// let line = r#"{"role": "user", "content": [{"type": "text", "text": "What is "}, {"type": "text", "text": "2 + 2?"}]}"#;
/// assert_eq!(serde_json::from_str::<Message>(line)?, Message::user("What is 2 + 2?"));
/// let line = r#"{"role": "assistant", "content": null, "tool_calls": [{"type": "function", "function": {"name": "add", "arguments": {"a": 2}}}]}"#;
/// let call = serde_json::from_str::<Message>(line)?;
/// assert_eq!((call.role, call.content.as_str(), call.tool_calls.len()), (Role::Assistant, "", 1));
/// assert_eq!(serde_json::to_value(&call)?, serde_json::from_str::<serde_json::Value>(line)?);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct Message {
    /// The speaker.
    pub role: Role,
    /// The text of the turn.
    pub content: String,
    /// The thoughts of a model's turn, where they are told apart from the text.
    pub reasoning_content: Option<String>,
    /// The tools that a model's turn calls.
    pub tool_calls: Vec<Value>,
    /// The call that a tool's turn answers.
    pub tool_call_id: Option<String>,
    /// The name of the speaker or of the tool.
    pub name: Option<String>,
    /// Whether an empty content was written as null.
    null: bool,
}

impl Message {
    /// A turn that says a text and nothing else.
    pub fn new(role: Role, content: impl Into<String>) -> Self {
        Self {
            role,
            content: content.into(),
            reasoning_content: None,
            tool_calls: Vec::new(),
            tool_call_id: None,
            name: None,
            null: false,
        }
    }

    /// A turn of the person.
    pub fn user(content: impl Into<String>) -> Self {
        Self::new(Role::User, content)
    }

    /// A turn of the model.
    pub fn assistant(content: impl Into<String>) -> Self {
        Self::new(Role::Assistant, content)
    }

    /// The instructions before the conversation.
    pub fn system(content: impl Into<String>) -> Self {
        Self::new(Role::System, content)
    }
}

/// A turn as people write it.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    role: Role,
    #[serde(default)]
    content: Option<Text>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reasoning_content: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tool_calls: Option<Vec<Value>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tool_call_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
}

impl From<Message> for Written {
    fn from(message: Message) -> Self {
        let Message { role, content, reasoning_content, tool_calls, tool_call_id, name, null } = message;
        let null = null && content.is_empty();
        Self {
            role,
            content: (!null).then_some(Text::Whole(content)),
            reasoning_content,
            tool_calls: Some(tool_calls).filter(|calls| !calls.is_empty()),
            tool_call_id,
            name,
        }
    }
}

/// A text, or parts.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Text {
    Whole(String),
    Parts(Vec<Value>),
    Other(Value),
}

impl TryFrom<Written> for Message {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        let tool_calls = written.tool_calls.unwrap_or_default();
        let null = written.content.is_none();
        let content = match written.content {
            Some(Text::Whole(text)) => text,
            Some(Text::Parts(parts)) => parts.iter().map(part).collect::<Result<_, _>>()?,
            Some(Text::Other(value)) => {
                return Err(format!("`content` is {value}; give a text or a list of parts of text"));
            }
            None if tool_calls.is_empty() => return Err("`content` is missing; give a text".into()),
            None => String::new(),
        };
        if !tool_calls.is_empty() && written.role != Role::Assistant {
            return Err("`tool_calls` stand in a turn that is not the assistant's".into());
        }
        Ok(Self {
            role: written.role,
            content,
            reasoning_content: written.reasoning_content,
            tool_calls,
            tool_call_id: written.tool_call_id,
            name: written.name,
            null,
        })
    }
}

/// The text of a part.
fn part(part: &Value) -> Result<String, String> {
    if let Value::String(text) = part {
        return Ok(text.clone());
    }
    let kind = part.get("type").and_then(Value::as_str).unwrap_or("text");
    match part.get("text").and_then(Value::as_str) {
        Some(text) if kind == "text" => Ok(text.to_owned()),
        _ => Err(format!("a part of `content` is of type `{kind}`; r1 reads parts of text")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_template_could_read_is_refused_by_name() {
        for (line, says) in [
            (r#"{"role": "user"}"#, "`content` is missing"),
            (r#"{"role": "user", "content": null}"#, "`content` is missing"),
            (r#"{"role": "user", "content": 4}"#, "`content` is 4"),
            (r#"{"role": "user", "content": [{"type": "image_url", "image_url": "x"}]}"#, "type `image_url`"),
            (r#"{"role": "user", "content": "x", "tool_calls": [{}]}"#, "not the assistant's"),
            (r#"{"role": "judge", "content": "x"}"#, "unknown variant `judge`"),
            (r#"{"role": "user", "content": "x", "contents": 1}"#, "unknown field `contents`"),
        ] {
            let error = serde_json::from_str::<Message>(line).unwrap_err().to_string();
            assert!(error.contains(says), "{line}: {error}");
        }
    }

    #[test]
    fn a_turn_is_written_with_what_it_has_and_read_again() {
        assert_eq!(serde_json::to_string(&Message::user("x")).unwrap(), r#"{"role":"user","content":"x"}"#);
        let turns = r#"[{"role":"developer","content":"d"},{"role":"assistant","content":null,"reasoning_content":"r","tool_calls":[{"function":{"name":"f","arguments":"{}"}}]},{"role":"assistant","content":"","tool_calls":[{"function":{"arguments":{"a":1}}}]},{"role":"tool","content":"4","tool_call_id":"1","name":"f"}]"#;
        let read: Vec<Message> = serde_json::from_str(turns).unwrap();
        assert_eq!(serde_json::to_string(&read).unwrap(), turns);
    }
}
