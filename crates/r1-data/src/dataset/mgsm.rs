//! MGSM, problems of GSM8K in other languages (arXiv:2210.03057), as conversations.
//!
//! ```json
//! {"dataset": "mgsm-zh", "id": "0", "messages": [{"role": "user", "content": "珍妮特的鸭子每天下 16 颗蛋。..."}, {"role": "assistant", "content": ""}], "answer": "18"}
//! ```

use std::path::Path;

use serde::Deserialize;

use super::rows;
use crate::DataError;
use r1_core::{Message, Problem, Reference, Role};

#[derive(Deserialize)]
struct Row {
    dataset: String,
    id: String,
    messages: Vec<Message>,
    answer: String,
}

/// Reads a file of MGSM. The question is what the user says, and the ids are the data set's name and
/// the file's own, `mgsm-zh-0`.
///
/// # Errors
/// As [`rows::read`], and [`DataError::Line`] when the user says nothing or the answer is no number.
pub fn load(path: impl AsRef<Path>) -> Result<Vec<Problem>, DataError> {
    rows::problems(path.as_ref(), |_, row: Row| {
        let question = row.messages.into_iter().find(|message| message.role == Role::User);
        let question = question.ok_or("there is no message of the user")?.content;
        let answer = row.answer.trim().replace(',', "");
        if !answer.parse().is_ok_and(f64::is_finite) {
            return Err(format!("the answer `{answer}` is not a number"));
        }
        Ok(Problem::new(format!("{}-{}", row.dataset, row.id), question, Reference::number(answer)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::tests::{error, file};

    #[test]
    fn the_question_is_what_the_user_says() {
        let file = file(
            r#"{"dataset": "mgsm-zh", "id": "0", "messages": [{"role": "user", "content": "多少？"}, {"role": "assistant", "content": ""}], "answer": "1,800"}"#,
        );
        assert_eq!(
            load(file.path()).unwrap(),
            [Problem::new("mgsm-zh-0", "多少？", Reference::number("1800"))]
        );
    }

    #[test]
    fn lines_without_a_question_or_a_number_are_refused() {
        let line = |messages, answer| {
            format!(r#"{{"dataset": "m", "id": "0", "messages": {messages}, "answer": "{answer}"}}"#)
        };
        assert!(error(load, &line("[]", "1")).ends_with("line 1: there is no message of the user"));
        let asked = r#"[{"role": "user", "content": "?"}]"#;
        assert!(error(load, &line(asked, "one")).ends_with("the answer `one` is not a number"));
    }
}
