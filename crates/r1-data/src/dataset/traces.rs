//! Traces as this crate writes them: one [`Trace`] a line.

use std::path::Path;

use serde::Deserialize;

use super::{
    fields::{Columns, Fields},
    json_error::clause,
    place::stem,
    rows,
};
use crate::DataError;
use r1_core::Trace;

/// Reads traces as this crate writes them: one [`Trace`] a line. A trace without an id is named by the file
/// and its number, and fields that a trace has not are ignored. The provenance then says which `file` and
/// `row` each is from, unless it did before.
///
/// # Errors
/// As [`rows::read`], and [`DataError::Line`] when a prompt or a completion is empty, a prompt ends with
/// the assistant's turn, or two traces have the same id.
pub fn load(path: impl AsRef<Path>) -> Result<Vec<Trace>, DataError> {
    const NAMES: [&str; 5] = ["id", "problem", "prompt", "completion", "provenance"];
    let stem = stem(path.as_ref());
    rows::traces(path.as_ref(), |number, fields: Fields| {
        let id = fields.id(&Columns::default())?.unwrap_or_else(|| format!("{stem}-{number}"));
        let trace = fields.with_id(id, &NAMES);
        Ok(vec![Trace::deserialize(trace).map_err(|error| clause(&error.to_string()))?])
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::{jsonl, tests::file};
    use r1_core::{Content, Message, Problem, Reference};

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
    fn ids_are_made_and_columns_of_others_are_ignored() {
        let file = file(r#"{"prompt": "?", "completion": "x", "source": "y", "split": 3}"#);
        let traces = load(file.path()).unwrap();
        assert_eq!(traces[0].id, format!("{}-1", stem(file.path())));
        assert!(!traces[0].provenance.contains_key("source"));
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
                r#"{"id":"a","prompt":[{"role":"judge","content":""}],"completion":"x"}"#.into(),
                "line 1: `prompt`: unknown variant `judge`, expected one of `system`, `developer`, `user`, `assistant`, `tool`",
            ),
            (
                r#"{"id":"a","prompt":3,"completion":"x"}"#.into(),
                "line 1: `prompt` is neither a text nor a list of messages or token ids",
            ),
            (r#"{"id":"a","prompt":"?"}"#.into(), "line 1: missing field `completion`"),
            (r#"{"id":"a","id":"b","prompt":"?","completion":"x"}"#.into(), "line 1: duplicate field `id`"),
        ] {
            let error = load(file(&text).path()).unwrap_err().to_string();
            assert!(error.ends_with(reason), "{error}");
        }
    }
}
