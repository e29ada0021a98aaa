//! Conversations in the layout of chat APIs, of which the model's last turn is to be learnt.
//!
//! ```json
//! {"messages": [{"role": "user", "content": "2+2?"}, {"role": "assistant", "content": "<think>..</think> 4"}]}
//! ```

use std::path::Path;

use super::{
    conversation::{messages, split_last},
    fields::{Columns, Fields},
    rows,
};
use crate::DataError;
use r1_core::{Content, Trace};

/// Reads a file of conversations, with the usual names of columns.
///
/// # Errors
/// As [`load_with`].
pub fn load(path: impl AsRef<Path>) -> Result<Vec<Trace>, DataError> {
    load_with(path, &Columns::default())
}

/// Reads a file of conversations. The ids are the rows' own, else `messages-1`, `messages-2`, ... in the
/// file's order. Other fields are ignored.
///
/// A row is one trace, of the last turn. What the model said before is part of the prompt: templates of
/// reasoning models drop the thoughts of earlier turns, so a turn can only be learnt as the last.
///
/// # Errors
/// As [`rows::read`]; [`DataError::Line`] or [`DataError::Row`] when a conversation does not end with the
/// assistant's turn, or somebody else than system, user and assistant speaks.
pub fn load_with(path: impl AsRef<Path>, columns: &Columns) -> Result<Vec<Trace>, DataError> {
    rows::traces(path.as_ref(), |number, fields: Fields| {
        let usual = ["messages", "conversations"];
        let (_, value) = fields.require("conversation", columns.messages.as_deref(), &usual)?;
        let (prompt, completion) = split_last(messages(value)?)?;
        let id = fields.id(columns)?.unwrap_or_else(|| format!("messages-{number}"));
        Ok(vec![Trace::new(id, Content::Messages(prompt), completion)])
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::{tests::error_of, tests::file};
    use r1_core::Message;

    #[test]
    fn the_last_turn_is_the_completion() {
        let file = file(
            r#"{"messages": [{"role": "system", "content": "S"}, {"role": "user", "content": "Q", "name": "x"}, {"role": "assistant", "content": "A", "tool_calls": null}], "source": "y"}
               {"id": "z", "messages": [{"role": "user", "content": "Q"}, {"role": "assistant", "content": "A"}]}
               {"id": 3, "conversations": [{"from": "human", "value": "Q"}, {"from": "gpt", "value": [{"type": "text", "text": "A"}]}]}"#,
        );
        let traces = load(file.path()).unwrap();
        let mut named = Message::user("Q");
        named.name = Some("x".into());
        assert_eq!(traces[0].prompt, Content::Messages(vec![Message::system("S"), named]));
        assert_eq!((traces[0].completion.as_str(), traces[0].id.as_str()), ("A", "messages-1"));
        assert_eq!((traces[1].id.as_str(), traces[2].id.as_str()), ("z", "3"));
        assert!(traces.iter().all(|trace| trace.completion == "A"));
    }

    #[test]
    fn tools_and_thoughts_that_stand_apart_are_kept() {
        let file = file(
            r#"{"messages": [{"role": "user", "content": "Q"}, {"role": "assistant", "content": null, "tool_calls": [{"function": {"name": "f", "arguments": "{}"}}]}, {"role": "tool", "content": "4"}, {"role": "assistant", "content": "A", "reasoning_content": "why\n"}]}"#,
        );
        let trace = load(file.path()).unwrap().remove(0);
        assert_eq!(trace.completion, "<think>\nwhy\n</think>\n\nA");
        let Content::Messages(turns) = trace.prompt else { panic!("a conversation") };
        assert_eq!((turns[1].tool_calls.len(), turns[2].role), (1, r1_core::Role::Tool));
        let calls = r#"{"messages": [{"role": "user", "content": "Q"}, {"role": "assistant", "content": "", "tool_calls": [{}]}]}"#;
        assert!(error_of(load, calls).ends_with("the last turn calls tools; r1 learns turns of text"));
    }

    #[test]
    fn rows_that_do_not_fit_are_named() {
        for (turns, reason) in [
            (
                r#"{"role": "user", "content": "Q"}"#,
                "the conversation does not end with the assistant's turn",
            ),
            ("", "the conversation does not end with the assistant's turn"),
            (r#"{"role": "assistant", "content": "A"}"#, "the prompt of `messages-1` is empty"),
            (
                r#"{"role": "judge", "content": "T"}"#,
                "message 0 is by `judge`; only system, user, assistant and tool are known",
            ),
            (
                r#"{"role": "user", "content": "Q"}, {"role": "assistant", "content": null}"#,
                "message 1: `content` is missing; give a text",
            ),
            (
                r#"{"role": "user", "content": "Q"}, {"role": "assistant", "content": "\n"}"#,
                "the completion of `messages-1` is empty",
            ),
        ] {
            let error = error_of(load, &format!(r#"{{"messages": [{turns}]}}"#));
            assert!(error.ends_with(&format!("line 1: {reason}")), "{error}");
        }
    }
}
