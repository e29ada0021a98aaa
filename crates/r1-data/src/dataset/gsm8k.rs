//! GSM8K, word problems of primary school (arXiv:2110.14168).
//!
//! ```json
//! {"question": "Natalia sold clips ...?", "answer": "Natalia sold 48/2 = <<48/2=24>>24 clips in May.\n#### 72"}
//! ```

use std::path::Path;

use serde::Deserialize;

use super::rows;
use crate::DataError;
use r1_core::{Problem, Reference};

#[derive(Deserialize)]
struct Row {
    question: String,
    answer: String,
}

/// Reads `train.jsonl` or `test.jsonl`. The ids are `gsm8k-1`, `gsm8k-2`, ... in the file's order, and
/// the metadata's `solution` is the worked text before `####`, with its `<<..>>` calculator marks.
///
/// # Errors
/// As [`rows::read`], and [`DataError::Line`] when an answer does not end with `#### n`.
pub fn load(path: impl AsRef<Path>) -> Result<Vec<Problem>, DataError> {
    rows::problems(path.as_ref(), |number, Row { question, answer }| {
        let (solution, result) = answer
            .rsplit_once("####")
            .ok_or("the answer does not end with `#### n`, as every one of GSM8K does")?;
        let result = result.trim().replace(',', "");
        if !result.parse().is_ok_and(f64::is_finite) {
            return Err(format!("`{result}` after `####` is not a number"));
        }
        let id = format!("gsm8k-{number}");
        Ok(Problem::new(id, question, Reference::number(result)).with("solution", solution.trim_end()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::tests::{error, file};

    #[test]
    fn the_answer_is_the_number_after_the_marks() {
        let file = file(
            r#"{"question": "How many?", "answer": "2*3 = <<2*3=6>>6.\nThat is all.\n#### 1,234"}
               {"question": "How much?", "answer": "Less.\n#### -2.5 "}"#,
        );
        let problems = load(file.path()).unwrap();
        assert_eq!(
            problems[0],
            Problem::new("gsm8k-1", "How many?", Reference::number("1234"))
                .with("solution", "2*3 = <<2*3=6>>6.\nThat is all.")
        );
        assert_eq!(problems[1].reference, Reference::number("-2.5"));
    }

    #[test]
    fn answers_without_a_number_are_refused() {
        assert!(
            error(load, r#"{"question": "", "answer": "6"}"#)
                .contains("line 1: the answer does not end with")
        );
        assert!(
            error(load, "{\"question\": \"\", \"answer\": \"#### six\"}")
                .contains("`six` after `####` is not")
        );
    }
}
