//! Traces as this crate writes them: one [`Trace`] a line.

use std::path::Path;

use r1_core::Trace;

use super::rows;
use crate::DataError;

/// Reads traces as this crate writes them: one [`Trace`] a line. The provenance then says which `file` and
/// `row` each is from, unless it did before.
///
/// # Errors
/// As [`rows::read`], and [`DataError::Line`] when a prompt or a completion is empty, a prompt ends with
/// the assistant's turn, or two traces have the same id.
pub fn load(path: impl AsRef<Path>) -> Result<Vec<Trace>, DataError> {
    rows::traces(path.as_ref(), |_, trace: Trace| Ok(vec![trace]))
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
