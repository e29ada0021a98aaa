//! Questions with their reference answers, in columns of any name: the layout of files of one's own.
//!
//! ```json
//! {"question": "What is 2 + 2?", "answer": 4}
//! {"question": "Which is red?", "choices": ["grass", "blood"], "answer": "B", "level": 2}
//! {"prompt": [{"role": "user", "content": "2+2?"}], "answer": "4"}
//! ```

use std::path::Path;

use serde_json::{Value, json};

use super::{
    answer::{self, AnswerKind},
    conversation::TextOrTurns,
    fields::{Columns, Fields, nested, text},
    place::stem,
    rows,
};
use crate::DataError;
use r1_core::{Content, Message, Problem, Reference, Role, Trace};

pub(super) const QUESTION: [&str; 5] = ["question", "problem", "prompt", "instruction", "messages"];
pub(super) const ANSWER: [&str; 7] =
    ["answer", "final_answer", "expected_answer", "ground_truth", "target", "answerKey", "label"];
pub(super) const TESTS: [&str; 1] = ["tests"];
const CHOICES: [&str; 2] = ["choices", "options"];
const COMPLETION: [&str; 11] = [
    "completion",
    "response",
    "output",
    "solution",
    "answer",
    "final_answer",
    "expected_answer",
    "ground_truth",
    "target",
    "answerKey",
    "label",
];

/// Reads a file of questions and answers, with the usual names of columns.
///
/// # Errors
/// As [`load_with`].
pub fn load(path: impl AsRef<Path>) -> Result<Vec<Problem>, DataError> {
    load_with(path, &Columns::default(), None)
}

/// Reads a file of questions and answers.
///
/// The ids are the rows' own, else the file's name and the row's number, `train-1`. A question that is a list
/// of messages gives the last turn of the user; when there was more, the metadata's `messages` has the whole
/// prompt. Columns that are none of [`Columns`] become metadata.
///
/// With test cases the reference is [`Reference::Tests`]. Without a `kind`, a row with options is a
/// [`Reference::Choice`]; else a number, and a text that reads as one (`-3/4`, `1,234`, `12.5 %`), is a
/// [`Reference::Number`]; a text with any of `\\ ^ _ = { } $`, or without a word of two letters (`2x + 1`), is a
/// [`Reference::Expression`]; any other is a [`Reference::Text`]. Of `.. #### 72` the part behind the marks
/// counts.
///
/// ```
/// use r1_core::Reference;
/// use r1_data::dataset::{AnswerKind, Columns, question_answer};
///
/// let file = tempfile::NamedTempFile::new()?;
/// std::fs::write(&file, r#"{"query": "Name of 2?", "gold": "two", "source": "mine"}"#)?;
/// let columns = Columns { question: Some("query".into()), answer: Some("gold".into()), ..Columns::default() };
/// let problems = question_answer::load_with(&file, &columns, Some(AnswerKind::Text))?;
/// assert_eq!(problems[0].reference, Reference::text("two"));
/// assert_eq!(problems[0].metadata["source"], "mine");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// As [`rows::read`]; [`DataError::Line`] or [`DataError::Row`] when a column is missing, empty or of a wrong
/// kind, or an id stands twice.
pub fn load_with(
    path: impl AsRef<Path>,
    columns: &Columns,
    kind: Option<AnswerKind>,
) -> Result<Vec<Problem>, DataError> {
    let stem = stem(path.as_ref());
    rows::problems(path.as_ref(), |number, fields: Fields| {
        let id = fields.id(columns)?.unwrap_or_else(|| format!("{stem}-{number}"));
        let (name, value) = fields.require("question", columns.question.as_deref(), &QUESTION)?;
        let mut prompt = turns(name, value)?;
        if prompt.last().is_some_and(|turn| turn.role == Role::Assistant) {
            prompt.pop();
        }
        let last = prompt.last().filter(|turn| turn.role == Role::User);
        let question =
            last.ok_or_else(|| format!("`{name}` has no turn of the user at its end"))?.content.clone();
        let mut used = vec![name];
        let tests = fields.find(columns.tests.as_deref(), &TESTS)?;
        let reference = if let Some((name, tests)) = tests {
            used.push(name);
            Reference::Tests { tests: nested(tests) }
        } else {
            let choices = fields.find(columns.choices.as_deref(), &CHOICES)?;
            let (name, value) = fields.require("answer", columns.answer.as_deref(), &ANSWER)?;
            used.extend(choices.map(|(name, _)| name).into_iter().chain([name]));
            answer::reference(value, choices.map(|(_, choices)| choices), kind)
                .map_err(|reason| format!("`{name}`: {reason}"))?
        };
        used.push(columns.id.as_deref().unwrap_or("id"));
        let mut problem = Problem::new(id, question, reference);
        let extra =
            fields.0.iter().filter(|(name, value)| !used.contains(&name.as_str()) && !value.is_null());
        for (name, value) in extra {
            problem.metadata.insert(name.clone(), value.clone());
        }
        Ok(if prompt.len() > 1 { problem.with("messages", json!(prompt)) } else { problem })
    })
}

/// Reads the same rows as traces: the question is asked by the user, and the completion is learnt.
///
/// # Errors
/// As [`load_with`].
pub(crate) fn load_traces(path: &Path, columns: &Columns) -> Result<Vec<Trace>, DataError> {
    let stem = stem(path);
    rows::traces(path, |number, fields: Fields| {
        let id = fields.id(columns)?.unwrap_or_else(|| format!("{stem}-{number}"));
        let (name, value) = fields.require("question", columns.question.as_deref(), &QUESTION)?;
        let prompt = turns(name, value)?;
        let named = columns.completion.as_deref().or(columns.answer.as_deref());
        let (name, value) = fields.require("completion", named, &COMPLETION)?;
        Ok(vec![Trace::new(id, Content::Messages(prompt), text(name, value)?)])
    })
}

/// The question as turns, a text as one of the user.
fn turns(name: &str, value: &Value) -> Result<Vec<Message>, String> {
    match TextOrTurns::read(value).map_err(|reason| format!("`{name}`: {reason}"))? {
        TextOrTurns::Text(question) => Ok(vec![Message::user(text(name, &question.into())?)]),
        TextOrTurns::Turns(turns) => Ok(turns),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::tests::{error, file};

    #[test]
    fn columns_are_found_and_the_rest_is_kept() {
        let file = file(
            r#"{"question": "1+1?", "answer": 2, "id": 7, "level": 3, "note": null}
               {"problem": "2+2?", "final_answer": "4"}
               {"prompt": [{"role": "system", "content": "S"}, {"role": "user", "content": "3+3?"}], "answer": "6"}
               {"messages": [{"role": "user", "content": "4+4?"}, {"role": "assistant", "content": "8"}], "answer": "8"}
               {"instruction": "sort", "tests": {"inputs": ["1"], "outputs": ["1"]}}
               {"question": "red?", "options": ["grass", "blood"], "answer": "B"}"#,
        );
        let problems = load(file.path()).unwrap();
        let stem = stem(file.path());
        assert_eq!(problems[0], Problem::new("7", "1+1?", Reference::number("2")).with("level", 3));
        assert_eq!(problems[1], Problem::new(format!("{stem}-2"), "2+2?", Reference::number("4")));
        assert_eq!(problems[2].question, "3+3?");
        assert_eq!(problems[2].metadata["messages"][0]["content"], "S");
        assert_eq!((problems[3].question.as_str(), problems[3].metadata.len()), ("4+4?", 0));
        assert!(matches!(&problems[4].reference, Reference::Tests { tests } if tests["inputs"][0] == "1"));
        assert!(matches!(&problems[5].reference, Reference::Choice { label: 'B', .. }));
    }

    #[test]
    fn columns_can_be_named_and_lie_inside_of_objects() {
        let file = file(r#"{"q": "1+1?", "reward_model": {"ground_truth": "2"}, "index": 5}"#);
        let columns: Columns = serde_json::from_str(
            r#"{"question": "q", "answer": "reward_model.ground_truth", "id": "index"}"#,
        )
        .unwrap();
        let problems = load_with(file.path(), &columns, None).unwrap();
        assert_eq!((problems[0].id.as_str(), &problems[0].reference), ("5", &Reference::number("2")));
        let columns = Columns { question: Some("qq".into()), ..columns };
        let text = load_with(file.path(), &columns, None).unwrap_err().to_string();
        assert!(text.ends_with("line 1: there is no column `qq`; did you mean `q`?"), "{text}");
    }

    #[test]
    fn rows_that_do_not_fit_are_named() {
        for (row, reason) in [
            (
                r#"{"query": "a", "answer": 1}"#,
                "missing field `question`: the row has the columns query, answer; name the one with the question by `columns`",
            ),
            (
                r#"{"question": "a", "gold": 1}"#,
                "missing field `answer`: the row has the columns question, gold; name the one with the answer by `columns`",
            ),
            (r#"{"question": " ", "answer": 1}"#, "`question` is empty"),
            (r#"{"question": "a", "answer": ""}"#, "`answer`: the answer is empty"),
            (r#"{"question": "a", "answer": [1]}"#, "`answer`: the answer is neither a text nor a number"),
            (r#"{"question": {"a": 1}, "answer": 1}"#, "`question`: message 0 has no `role`"),
            (
                r#"{"question": [{"role": "system", "content": "x"}], "answer": 1}"#,
                "`question` has no turn of the user at its end",
            ),
            (r#"{"question": "a", "question": "b", "answer": 1}"#, "duplicate field `question`"),
            (r#"{"question": "a", "answer": 1, "id": []}"#, "the id `id` is neither a text nor a number"),
            ("3", "invalid type: integer `3`, expected an object"),
        ] {
            let text = error(load, row);
            assert!(text.contains(&format!("line 1: {reason}")), "{text}");
        }
    }

    #[test]
    fn the_same_rows_are_traces() {
        let file = file(r#"{"question": "1+1?", "answer": "<think>2</think>2", "x": 1}"#);
        let traces = load_traces(file.path(), &Columns::default()).unwrap();
        assert_eq!(traces[0].prompt, Content::Messages(vec![Message::user("1+1?")]));
        assert_eq!(traces[0].completion, "<think>2</think>2");
    }
}
