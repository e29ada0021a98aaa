//! MATH and its selection MATH-500 (arXiv:2103.03874, arXiv:2305.20050).
//!
//! ```json
//! {"problem": "Convert the point ...", "solution": "We have ...", "answer": "\\left( 3, \\frac{\\pi}{2} \\right)", "subject": "Precalculus", "level": 2, "unique_id": "test/precalculus/807.json"}
//! ```

use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

use super::rows;
use crate::DataError;
use r1_core::{Problem, Reference, Response};

/// MATH-500 has all but `type`; MATH has `problem`, `solution`, `level` ("Level 2") and `type`.
#[derive(Deserialize)]
struct Row {
    problem: String,
    #[serde(default)]
    answer: Option<String>,
    #[serde(default)]
    solution: Option<String>,
    #[serde(default)]
    level: Option<Value>,
    #[serde(default, alias = "type")]
    subject: Option<String>,
    #[serde(default)]
    unique_id: Option<String>,
}

/// Reads a file of MATH or MATH-500. The ids are `math-` and the file's own, or its place in the file;
/// the metadata has `level`, a number from 1 to 5, `subject` and `solution` where the file does. A line
/// without `answer` is answered by the last `\boxed{..}` of its solution.
///
/// # Errors
/// As [`rows::read`], and [`DataError::Line`] when a line has no answer at all.
pub fn load(path: impl AsRef<Path>) -> Result<Vec<Problem>, DataError> {
    rows::problems(path.as_ref(), |number, row: Row| {
        let boxed = row.solution.as_deref().and_then(|solution| Response::parse(solution, false).boxed);
        let answer = row.answer.as_deref().or(boxed).map(str::trim).filter(|answer| !answer.is_empty());
        let answer = answer.ok_or("there is neither an `answer` nor a `\\boxed{..}` in the `solution`")?;
        let id = format!("math-{}", row.unique_id.unwrap_or_else(|| number.to_string()));
        let mut problem = Problem::new(id, row.problem, Reference::expression(answer));
        if let Some(level) = row.level.as_ref().and_then(level) {
            problem = problem.with("level", level);
        }
        for (name, value) in [("subject", row.subject), ("solution", row.solution)] {
            if let Some(value) = value {
                problem = problem.with(name, value);
            }
        }
        Ok(problem)
    })
}

/// `2`, `"2"` and `"Level 2"` are the same level; `"Level ?"`, which MATH has too, is none.
fn level(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.trim_start_matches("Level").trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::tests::{error, file};

    #[test]
    fn both_layouts_are_read() {
        let file = file(
            r#"{"problem": "Convert.", "solution": "So $\\boxed{3}.$", "answer": "\\left( 3, \\frac{\\pi}{2} \\right)", "subject": "Precalculus", "level": 2, "unique_id": "test/precalculus/807.json"}
               {"problem": "Find $x$.", "level": "Level 5", "type": "Algebra", "solution": "It is \\boxed{1}, no, \\boxed{\\frac{1}{2}}."}"#,
        );
        let problems = load(file.path()).unwrap();
        let answer = Reference::expression("\\left( 3, \\frac{\\pi}{2} \\right)");
        assert_eq!(
            problems[0],
            Problem::new("math-test/precalculus/807.json", "Convert.", answer)
                .with("level", 2)
                .with("subject", "Precalculus")
                .with("solution", "So $\\boxed{3}.$")
        );
        assert_eq!(problems[1].id, "math-2");
        assert_eq!(problems[1].reference, Reference::expression("\\frac{1}{2}"));
        assert_eq!(
            (&problems[1].metadata["level"], &problems[1].metadata["subject"]),
            (&5.into(), &"Algebra".into())
        );
    }

    #[test]
    fn a_line_without_any_answer_is_refused() {
        let text = r#"{"problem": "Prove it.", "solution": "Clear."}"#;
        assert!(error(load, text).contains("line 1: there is neither an `answer` nor"));
    }
}
