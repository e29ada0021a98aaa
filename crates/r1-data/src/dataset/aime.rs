//! AIME, the American Invitational Mathematics Examination: whole numbers from 0 to 999.
//!
//! ```json
//! {"id": 60, "problem": "Every morning Aya goes ...", "solution": "...", "answer": "204", "url": "..."}
//! ```

use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

use super::rows;
use crate::DataError;
use r1_core::{Problem, Reference};

/// Some copies have `question` instead of `problem`, or both with the same text.
#[derive(Deserialize)]
struct Row {
    #[serde(default)]
    id: Option<Value>,
    #[serde(default)]
    problem: Option<String>,
    #[serde(default)]
    question: Option<String>,
    answer: Value,
    #[serde(default)]
    solution: Option<String>,
    #[serde(default)]
    url: Option<String>,
}

/// Reads a file of AIME. The ids are `aime-` and the file's own, or its place in the file. Answers may
/// be numbers or texts, with leading zeros or not; the reference has none. The metadata has `solution`
/// and `url` where the file does.
///
/// # Errors
/// As [`rows::read`], and [`DataError::Line`] when there is no problem or the answer is not a whole
/// number from 0 to 999.
pub fn load(path: impl AsRef<Path>) -> Result<Vec<Problem>, DataError> {
    rows::problems(path.as_ref(), |number, row: Row| {
        let question = row.problem.or(row.question).ok_or("there is neither a `problem` nor a `question`")?;
        let answer = whole(&row.answer).filter(|answer| *answer <= 999);
        let answer =
            answer.ok_or_else(|| format!("the answer {} is not a whole number from 0 to 999", row.answer))?;
        let id = match row.id {
            None | Some(Value::Null) => format!("aime-{number}"),
            Some(Value::String(id)) => format!("aime-{id}"),
            Some(id) => format!("aime-{id}"),
        };
        let mut problem = Problem::new(id, question, Reference::number(answer.to_string()));
        for (name, value) in [("solution", row.solution), ("url", row.url)] {
            if let Some(value) = value {
                problem = problem.with(name, value);
            }
        }
        Ok(problem)
    })
}

/// The number of `204`, `204.0`, `"204"` and `"025"`.
fn whole(value: &Value) -> Option<u64> {
    match value {
        Value::String(text) => text.trim().parse().ok(),
        Value::Number(number) => number.as_u64().or_else(|| {
            number.as_f64().filter(|float| float.fract() == 0.0 && *float >= 0.0).map(|float| float as u64)
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::tests::{error, file};

    #[test]
    fn every_form_of_the_answer_is_read() {
        let file = file(
            r#"{"id": 60, "problem": "Aya walks.", "solution": "So.", "answer": "204", "url": "u", "question": "Aya walks."}
               {"id": "2024-I-2", "question": "b", "answer": "025"}
               {"problem": "c", "answer": 33}
               {"problem": "d", "answer": 27.0}"#,
        );
        let problems = load(file.path()).unwrap();
        let first = Problem::new("aime-60", "Aya walks.", Reference::number("204"));
        assert_eq!(problems[0], first.with("solution", "So.").with("url", "u"));
        let rest: Vec<_> =
            problems[1..].iter().map(|problem| (problem.id.as_str(), problem.reference.clone())).collect();
        let number = |text: &str| Reference::number(text);
        assert_eq!(
            rest,
            [("aime-2024-I-2", number("25")), ("aime-3", number("33")), ("aime-4", number("27"))]
        );
    }

    #[test]
    fn other_answers_are_refused() {
        for answer in ["\"x\"", "1000", "-1", "0.5", "null", "\"\""] {
            let text = format!(r#"{{"problem": "a", "answer": {answer}}}"#);
            assert!(error(load, &text).contains("is not a whole number from 0 to 999"), "{answer}");
        }
        assert!(error(load, r#"{"answer": 1}"#).contains("neither a `problem` nor a `question`"));
    }
}
