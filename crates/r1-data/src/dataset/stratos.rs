//! Bespoke-Stratos-17k: thoughts of DeepSeek-R1, selected as for Sky-T1 (Hugging Face `bespokelabs`,
//! Apache-2.0).
//!
//! ```json
//! {"system": "Your role ..", "conversations": [{"from": "user", "value": "2+2?"}, {"from": "assistant", "value": "<|begin_of_thought|> .. <|end_of_thought|> <|begin_of_solution|> .. <|end_of_solution|>"}]}
//! ```

use std::path::Path;

use serde::Deserialize;

use super::{
    rows,
    thought_markers::{self, Turn},
};
use crate::DataError;
use r1_core::Trace;

#[derive(Deserialize)]
struct Row {
    #[serde(default)]
    system: Option<String>,
    conversations: Vec<Turn>,
}

/// Reads a file, with `<think>` tags instead of the markers. The ids are `stratos-1`, `stratos-2`, ... in
/// the file's order.
///
/// # Errors
/// As [`rows::read`]; [`DataError::Line`] or [`DataError::Row`] when the markers are not where they should be.
pub fn load(path: impl AsRef<Path>) -> Result<Vec<Trace>, DataError> {
    rows::traces(path.as_ref(), |number, row: Row| {
        let trace = thought_markers::trace(format!("stratos-{number}"), row.system, row.conversations)?;
        Ok(vec![trace.with("teacher", "DeepSeek-R1")])
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::{tests::error_of, tests::file};
    use r1_core::{Content, Message};

    #[test]
    fn a_conversation_is_a_trace_of_its_last_turn() {
        let turn = |from: &str, value: &str| format!(r#"{{"from": "{from}", "value": "{value}"}}"#);
        let answer =
            turn("gpt", "<|begin_of_thought|>a<|end_of_thought|><|begin_of_solution|>b<|end_of_solution|>");
        let turns = [turn("human", "1?"), turn("gpt", "2"), turn("human", "3?"), answer];
        let file = file(format!(r#"{{"system": "", "conversations": [{}]}}"#, turns.join(", ")));
        let traces = load(file.path()).unwrap();
        let prompt = vec![Message::user("1?"), Message::assistant("2"), Message::user("3?")];
        assert_eq!(traces[0].prompt, Content::Messages(prompt));
        assert_eq!(
            (traces[0].id.as_str(), traces[0].completion.as_str()),
            ("stratos-1", "<think>\na\n</think>\n\nb")
        );
    }

    #[test]
    fn rows_that_do_not_fit_are_named() {
        assert!(error_of(load, r#"{"system": ""}"#).ends_with("line 1: missing field `conversations`"));
        let plain =
            r#"{"conversations": [{"from": "user", "value": "?"}, {"from": "assistant", "value": "4"}]}"#;
        assert!(error_of(load, plain).contains("line 1: the completion has no `<|begin_of_thought|>"));
    }
}
