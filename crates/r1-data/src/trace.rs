//! What a student is trained to write.

use std::path::Path;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use serde_json::{Map, Value};

use crate::{Content, DataError, Message, Problem, dataset::rows};

/// A prompt and the completion that supervised fine-tuning teaches to answer it with.
///
/// Written as JSON it has the fields `prompt`, a text, a list of messages or a list of token ids, and
/// `completion`; a file of them is read by [`load`] and written with [`jsonl::to_lines`](crate::dataset::jsonl::to_lines).
///
/// ```
/// use r1_data::{Content, Trace};
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
    /// What the student is shown; no token of it is trained.
    #[serde(serialize_with = "write_prompt", deserialize_with = "read_prompt")]
    pub prompt: Content,
    /// What the student is to write, thoughts included, without the token that ends the turn.
    pub completion: String,
    /// Where it comes from: teacher, sampling, reward, source, licence.
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

    /// What makes it no trace at all: an empty prompt or completion teaches nothing.
    pub(crate) fn check(&self) -> Result<(), String> {
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

/// Reads traces as this crate writes them: one [`Trace`] a line. The provenance then says which `file` and
/// `row` each is from, unless it did before.
///
/// # Errors
/// As [`rows::read`], and [`DataError::Line`] when a prompt or a completion is empty, a prompt ends with
/// the assistant's turn, or two traces have the same id.
pub fn load(path: impl AsRef<Path>) -> Result<Vec<Trace>, DataError> {
    rows::traces(path.as_ref(), |_, trace: Trace| Ok(vec![trace]))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Reference,
        dataset::{jsonl, tests::file},
    };

    fn traces() -> Vec<Trace> {
        let turns = vec![Message::system("Think."), Message::user("1 + 1?")];
        let problem = Problem::new("p", "1 + 1?", Reference::number("2"));
        vec![
            Trace::new("a", Content::Text("1 + 1 = ".into()), "2"),
            Trace::new("b", Content::Messages(turns), "<think>\n\n</think>\n2")
                .of(problem)
                .with("kept", true),
            Trace::new("c", Content::Ids(vec![5, 6]), " "),
        ]
    }

    #[test]
    fn traces_come_back_as_they_were_written() {
        let traces = &traces()[..2];
        let file = file(jsonl::to_lines(traces));
        let mut loaded = load(file.path()).unwrap();
        assert_eq!(loaded[1].name(), format!("`b` (`{}` row 2)", file.path().display()));
        for trace in &mut loaded {
            trace.provenance.retain(|name, _| name != "file" && name != "row");
        }
        assert_eq!(loaded, traces);
    }

    #[test]
    fn a_bad_trace_is_named() {
        let good = traces();
        let lines = |traces: &[&Trace]| jsonl::to_lines(traces.iter().copied());
        let turn = Content::Messages(vec![Message::user("?"), Message::assistant("!")]);
        for (text, reason) in [
            (lines(&[&good[0], &good[2]]), "line 2: the completion of `c` is empty"),
            (
                lines(&[&good[0], &good[1], &good[0]]),
                "line 3: the id `a` stands in line 1, too; ids must be unique",
            ),
            (
                lines(&[&Trace::new("e", Content::Text(String::new()), "x")]),
                "line 1: the prompt of `e` is empty",
            ),
            (
                lines(&[&Trace::new("e", turn, "x")]),
                "line 1: the prompt of `e` ends with the assistant's turn",
            ),
            (
                r#"{"id":"a","prompt":[{"role":"tool","content":""}],"completion":"x"}"#.into(),
                "line 1: `prompt`: unknown variant `tool`, expected one of `system`, `user`, `assistant`",
            ),
            (
                r#"{"id":"a","prompt":3,"completion":"x"}"#.into(),
                "line 1: `prompt` is neither a text nor a list of messages or token ids",
            ),
            (r#"{"id":"a","prompt":"?"}"#.into(), "line 1: missing field `completion`"),
        ] {
            let error = load(file(&text).path()).unwrap_err().to_string();
            assert!(error.ends_with(reason), "{error}");
        }
    }
}
