//! SVAMP, word problems with misleading variations (arXiv:2103.07191).
//!
//! ```json
//! {"ID": "chal-777", "Body": "There are 87 oranges and 290 bananas ...", "Question": "How big is each group?", "Answer": 145.0, "Equation": "( 290.0 / 2.0 )", "Type": "Common-Division"}
//! ```

use std::path::Path;

use serde::Deserialize;

use super::rows;
use crate::DataError;
use r1_core::{Problem, Reference};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Row {
    #[serde(rename = "ID")]
    id: String,
    body: String,
    question: String,
    answer: f64,
    #[serde(default)]
    equation: Option<String>,
    #[serde(default)]
    r#type: Option<String>,
}

/// Reads a file of SVAMP. The question is the body and the question, the ids are `svamp-` and the
/// file's own, and the metadata has the `equation` and the `type` where the file does.
///
/// # Errors
/// As [`rows::read`].
pub fn load(path: impl AsRef<Path>) -> Result<Vec<Problem>, DataError> {
    rows::problems(path.as_ref(), |_, row: Row| {
        let body = row.body.trim();
        // The bodies of the data set often lack their final dot.
        let dot = if body.ends_with(['.', '?', '!', ',']) || body.is_empty() { "" } else { "." };
        let question = format!("{body}{dot} {}", row.question.trim());
        // A whole answer is written `145`, not `145.0`: Rust's shortest form of a float.
        let mut problem = Problem::new(
            format!("svamp-{}", row.id),
            question.trim_start(),
            Reference::number(row.answer.to_string()),
        );
        for (name, value) in [("equation", row.equation), ("type", row.r#type)] {
            if let Some(value) = value {
                problem = problem.with(name, value);
            }
        }
        Ok(problem)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::tests::{error, file};

    #[test]
    fn body_and_question_are_one_text() {
        let file = file(
            r#"{"Answer":145.0,"Question":"How big is each group?","Equation":"( 290.0 \/ 2.0 )","Body":"There are 290 bananas in 2 groups","Type":"Common-Division","ID":"chal-777","idx":0}
               {"Answer":0.5,"Question":"How much?","Body":"Half.","ID":"chal-1"}"#,
        );
        let problems = load(file.path()).unwrap();
        let question = "There are 290 bananas in 2 groups. How big is each group?";
        assert_eq!(
            problems[0],
            Problem::new("svamp-chal-777", question, Reference::number("145"))
                .with("equation", "( 290.0 / 2.0 )")
                .with("type", "Common-Division")
        );
        assert_eq!(
            (problems[1].question.as_str(), &problems[1].reference),
            ("Half. How much?", &Reference::number("0.5"))
        );
    }

    #[test]
    fn a_missing_field_is_named() {
        let text = r#"{"Answer": 1, "Body": "a", "ID": "b"}"#;
        assert!(error(load, text).ends_with("line 1: missing field `Question`"));
    }
}
