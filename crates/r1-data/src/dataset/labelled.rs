//! Answers that are labelled good or bad one by one.
//!
//! ```json
//! {"prompt": "How do I open a lock?", "response": "Call a locksmith.", "label": true}
//! {"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello!"}], "label": 1}
//! {"prompt": "Hi", "response": "Go away.", "label": "unsafe"}
//! ```

use std::path::Path;

use serde_json::Value;

use super::{
    conversation::{TextOrTurns, split_last},
    fields::{Columns, Fields},
    preference::prompt,
    rows,
};
use crate::DataError;
use r1_core::Content;

/// An answer and how good it is.
#[derive(Debug, Clone, PartialEq)]
pub struct LabelledRow {
    /// Unique within its file.
    pub id: String,
    /// What it answers.
    pub prompt: Content,
    /// The answer.
    pub response: String,
    /// From 0, bad or unsafe, to 1, good or safe.
    pub label: f64,
}

/// Reads a file of labelled answers.
///
/// The ids are the rows' own, else `labelled-1`, `labelled-2`, ... in the file's order. The answer is `response` or
/// `completion`, a text or a turn, behind `prompt` or `question` (a text is what the user says), or the last turn of
/// `messages` or `conversations`. The label is `label` or `is_safe`: true or false, a number from 0 to 1, `safe` or
/// `unsafe`.
///
/// # Errors
/// As [`rows::read`]; [`DataError::Line`] or [`DataError::Row`] when the answer is empty, nothing is answered, or the
/// label is none of these.
pub fn load(path: impl AsRef<Path>) -> Result<Vec<LabelledRow>, DataError> {
    let one = |number, fields: Fields| Ok(vec![row(number, &fields)?]);
    rows::items(path.as_ref(), one, |_, _, row: &mut LabelledRow| {
        rows::check_length("answer", &row.response)?;
        Ok(row.id.clone())
    })
}

fn row(number: usize, fields: &Fields) -> Result<LabelledRow, String> {
    let id = fields.id(&Columns::default())?.unwrap_or_else(|| format!("labelled-{number}"));
    let label = label(fields)?;
    let asked = prompt(fields)?.ok_or("there is no prompt; give `prompt`, a text or a list of messages")?;
    let (prompt, response) = match fields.find(None, &["response", "completion"])? {
        None => split_last(asked)?,
        Some((name, value)) => {
            match TextOrTurns::read(value).map_err(|error| format!("`{name}`: {error}"))? {
                TextOrTurns::Text(text) => (asked, text),
                TextOrTurns::Turns(turns) => {
                    let (before, said) = split_last(turns).map_err(|error| format!("`{name}`: {error}"))?;
                    (asked.into_iter().chain(before).collect(), said)
                }
            }
        }
    };
    if prompt.is_empty() {
        return Err("there is no prompt; give `prompt`, a text or a list of messages".into());
    }
    if response.trim().is_empty() {
        return Err("the answer is empty".into());
    }
    Ok(LabelledRow { id, prompt: Content::Messages(prompt), response, label })
}

fn label(fields: &Fields) -> Result<f64, String> {
    let (name, value) = fields.find(None, &["label", "is_safe"])?.ok_or("missing field `label`")?;
    let label = match value.as_str() {
        Some("safe") => Some(1.0),
        Some("unsafe") => Some(0.0),
        _ => score_of(value),
    };
    label.ok_or_else(|| {
        format!("`{name}` is {value}; expected true, false, a number from 0 to 1, \"safe\" or \"unsafe\"")
    })
}

/// A label that is true, false or a number from 0 to 1.
pub(super) fn score_of(value: &Value) -> Option<f64> {
    match value {
        Value::Bool(good) => Some(f64::from(*good)),
        value => value.as_f64().filter(|label| (0.0..=1.0).contains(label)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::tests::{error_of, file};
    use r1_core::Message;

    #[test]
    fn labels_and_answers_are_read_in_every_form() {
        let file = file(
            r#"{"prompt": "Hi", "response": "Hello", "label": true}
               {"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}], "label": 0}
               {"prompt": [{"role": "user", "content": "Hi"}], "completion": [{"role": "assistant", "content": "Hello"}], "label": 0.25, "id": "x"}
               {"prompt": "Hi", "response": "Hello", "is_safe": false}
               {"prompt": "Hi", "response": "Hello", "label": "safe"}"#,
        );
        let rows = load(file.path()).unwrap();
        assert!(rows.iter().all(|row| row.prompt == Content::Messages(vec![Message::user("Hi")])));
        assert!(rows.iter().all(|row| row.response == "Hello"));
        assert_eq!(rows.iter().map(|row| row.label).collect::<Vec<_>>(), [1.0, 0.0, 0.25, 0.0, 1.0]);
        assert_eq!((rows[1].id.as_str(), rows[2].id.as_str()), ("labelled-2", "x"));
    }

    #[test]
    fn rows_that_do_not_fit_are_named() {
        for (text, reason) in [
            (r#"{"prompt": "a", "response": "b"}"#, "missing field `label`"),
            (
                r#"{"prompt": "a", "response": "b", "label": 2}"#,
                "`label` is 2; expected true, false, a number from 0 to 1, \"safe\" or \"unsafe\"",
            ),
            (r#"{"prompt": "a", "response": " ", "label": 1}"#, "the answer is empty"),
            (
                r#"{"response": "b", "label": 1}"#,
                "there is no prompt; give `prompt`, a text or a list of messages",
            ),
            (
                r#"{"messages": [{"role": "assistant", "content": "b"}], "label": 1}"#,
                "there is no prompt; give `prompt`, a text or a list of messages",
            ),
            (
                r#"{"messages": [{"role": "user", "content": "b"}], "label": 1}"#,
                "the conversation does not end with the assistant's turn",
            ),
        ] {
            let error = error_of(load, text);
            assert!(error.ends_with(&format!("line 1: {reason}")), "{error}");
        }
    }
}
