//! Prompts with their completions, as texts or as conversations.
//!
//! ```json
//! {"prompt": "2 + 2 = ", "completion": "4"}
//! {"prompt": [{"role": "user", "content": "2+2?"}], "completion": [{"role": "assistant", "content": "4"}]}
//! ```

use std::path::Path;

use super::{
    conversation::TextOrTurns,
    fields::{Columns, Fields},
    rows,
};
use crate::DataError;
use r1_core::{Content, Role, Trace};

/// Reads a file of pairs, with the usual names of columns.
///
/// # Errors
/// As [`load_with`].
pub fn load(path: impl AsRef<Path>) -> Result<Vec<Trace>, DataError> {
    load_with(path, &Columns::default())
}

/// Reads a file of pairs. The ids are the rows' own, else `completion-1`, `completion-2`, ... in the file's
/// order. Other fields are ignored.
///
/// # Errors
/// As [`rows::read`]; [`DataError::Line`] or [`DataError::Row`] when a side is empty, or the completion is
/// anything but one turn of the assistant.
pub fn load_with(path: impl AsRef<Path>, columns: &Columns) -> Result<Vec<Trace>, DataError> {
    rows::traces(path.as_ref(), |number, fields: Fields| {
        let (_, prompt) = fields.require("prompt", columns.prompt.as_deref(), &["prompt"])?;
        let (_, completion) = fields.require("completion", columns.completion.as_deref(), &["completion"])?;
        let prompt = match TextOrTurns::read(prompt)? {
            TextOrTurns::Text(text) => Content::Text(text),
            TextOrTurns::Turns(turns) => Content::Messages(turns),
        };
        let completion = match TextOrTurns::read(completion)? {
            TextOrTurns::Text(text) => text,
            TextOrTurns::Turns(turns) => match turns.as_slice() {
                [turn] if turn.role == Role::Assistant => turn.content.clone(),
                turns => {
                    return Err(format!(
                        "the completion has {} turns; expected one of the assistant",
                        turns.len()
                    ));
                }
            },
        };
        let id = fields.id(columns)?.unwrap_or_else(|| format!("completion-{number}"));
        Ok(vec![Trace::new(id, prompt, completion)])
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::{tests::error_of, tests::file};
    use r1_core::Message;

    #[test]
    fn texts_and_conversations_are_read() {
        let file = file(
            r#"{"prompt": "2 + 2 = ", "completion": "4"}
               {"prompt": [{"role": "user", "content": "2+2?"}], "completion": [{"role": "assistant", "content": "4"}]}
               {"prompt": [{"role": "user", "content": "2+2?"}], "completion": "4", "id": "x"}"#,
        );
        let traces = load(file.path()).unwrap();
        assert_eq!(traces[0].prompt, Content::Text("2 + 2 = ".into()));
        assert_eq!(traces[1].prompt, Content::Messages(vec![Message::user("2+2?")]));
        assert!(traces.iter().all(|trace| trace.completion == "4"));
        assert_eq!(
            traces.iter().map(|trace| trace.id.as_str()).collect::<Vec<_>>(),
            ["completion-1", "completion-2", "x"]
        );
    }

    #[test]
    fn rows_that_do_not_fit_are_named() {
        for (text, reason) in [
            (r#"{"prompt": "a", "completion": ""}"#, "the completion of `completion-1` is empty"),
            (r#"{"prompt": "", "completion": "a"}"#, "the prompt of `completion-1` is empty"),
            (
                r#"{"prompt": "a", "completion": []}"#,
                "the completion has 0 turns; expected one of the assistant",
            ),
            (
                r#"{"prompt": "a", "completion": [{"role": "user", "content": "b"}]}"#,
                "the completion has 1 turns; expected one of the assistant",
            ),
            (r#"{"prompt": 3, "completion": "a"}"#, "`3` is neither a text nor a list of messages"),
            (r#"{"prompt": [{"content": "a"}], "completion": "a"}"#, "message 0 has no `role`"),
            (
                r#"{"prompt": "a"}"#,
                "missing field `completion`: the row has the columns prompt; name the one with the completion by \
                 `columns`",
            ),
        ] {
            let error = error_of(load, text);
            assert!(error.ends_with(&format!("line 1: {reason}")), "{error}");
        }
        let twice = "{\"prompt\": \"a\", \"completion\": \"b\", \"id\": \"x\"}\n".repeat(2);
        assert!(
            error_of(load, &twice).ends_with("line 2: the id `x` stands in line 1, too; ids must be unique")
        );
    }
}
