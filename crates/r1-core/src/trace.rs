//! Traces: prompts with the completion that fine-tuning teaches.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use serde_json::{Map, Value};

use crate::{Content, Message, Problem};

/// A prompt and the completion that supervised fine-tuning teaches to answer it with.
///
/// Written as JSON it has the fields `prompt`, a text, a list of messages or a list of token ids, and
/// `completion`; r1-data reads and writes files of them, one a line.
///
/// ```
/// use r1_core::{Content, Trace};
///
/// let trace = Trace::new("sum-1/0", Content::Text("2 + 2 = ".into()), "4").with("teacher", "scripted");
/// let line = serde_json::to_string(&trace)?;
/// assert_eq!(line, r#"{"id":"sum-1/0","prompt":"2 + 2 = ","completion":"4","provenance":{"teacher":"scripted"}}"#);
/// assert_eq!(serde_json::from_str::<Trace>(&line)?, trace);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trace {
    /// Unique within its file; order and resume are keyed by it.
    pub id: String,
    /// The problem that it answers, when there is one to grade it by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<Problem>,
    /// The prompt that the student is shown; no token of it is trained.
    #[serde(serialize_with = "write_prompt", deserialize_with = "read_prompt")]
    pub prompt: Content,
    /// The completion to learn, thoughts included, without the token that ends the turn.
    pub completion: String,
    /// Its origin: teacher, sampling, reward, source, licence.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub provenance: Map<String, Value>,
}

impl Trace {
    /// A trace without problem and provenance.
    pub fn new(id: impl Into<String>, prompt: Content, completion: impl Into<String>) -> Self {
        Self { id: id.into(), problem: None, prompt, completion: completion.into(), provenance: Map::new() }
    }

    /// The same trace as an answer to this problem.
    pub fn of(self, problem: Problem) -> Self {
        Self { problem: Some(problem), ..self }
    }

    /// The same trace with one more entry of provenance.
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.provenance.insert(name.to_owned(), value.into());
        self
    }

    /// Its id, and the file and row that it came from where the provenance has them as `file` and `row`.
    pub fn name(&self) -> String {
        let place = |name: &str| self.provenance.get(name);
        match (place("file").and_then(Value::as_str), place("row").and_then(Value::as_u64)) {
            (Some(file), Some(row)) => format!("`{}` (`{file}` row {row})", self.id),
            _ => format!("`{}`", self.id),
        }
    }

    /// Refuses a trace that teaches nothing: an empty prompt or completion.
    ///
    /// # Errors
    /// What is wrong with it, as a clause that names its id.
    pub fn check(&self) -> Result<(), String> {
        let (empty, ends) = match &self.prompt {
            Content::Text(text) => (text.is_empty(), false),
            Content::Ids(ids) => (ids.is_empty(), false),
            Content::Messages(messages) => {
                let last = messages.last().map(|message| message.role);
                (messages.is_empty(), last == Some(crate::Role::Assistant))
            }
        };
        if empty {
            return Err(format!("the prompt of `{}` is empty", self.id));
        }
        if ends {
            return Err(format!("the prompt of `{}` ends with the assistant's turn", self.id));
        }
        if self.completion.trim().is_empty() {
            return Err(format!("the completion of `{}` is empty", self.id));
        }
        Ok(())
    }
}

fn write_prompt<S: Serializer>(prompt: &Content, serializer: S) -> Result<S::Ok, S::Error> {
    match prompt {
        Content::Ids(ids) => ids.serialize(serializer),
        Content::Text(text) => text.serialize(serializer),
        Content::Messages(messages) => messages.serialize(serializer),
    }
}

/// By its form, so that what is wrong with one message is said and not that no form fits.
fn read_prompt<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Content, D::Error> {
    let value = Value::deserialize(deserializer)?;
    let read = match value {
        Value::String(text) => return Ok(Content::Text(text)),
        Value::Array(items) if items.first().is_some_and(Value::is_object) => {
            serde_json::from_value::<Vec<Message>>(items.into()).map(Content::Messages)
        }
        Value::Array(items) => serde_json::from_value(items.into()).map(Content::Ids),
        _ => return Err(D::Error::custom("`prompt` is neither a text nor a list of messages or token ids")),
    };
    read.map_err(|error| D::Error::custom(format!("`prompt`: {error}")))
}
