//! The layout of a file by the columns of its first row.

use std::path::Path;

use serde_json::Value;

use super::{
    Format, TraceFormat,
    fields::Fields,
    question_answer::{ANSWER, QUESTION, TESTS},
    rows,
};
use crate::DataError;

impl Format {
    /// The layout that the first row of a file has. Any file with a question and an answer is at least
    /// [`Format::QuestionAnswer`].
    ///
    /// ```
    /// use r1_data::dataset::Format;
    ///
    /// let file = tempfile::NamedTempFile::new()?;
    /// std::fs::write(&file, r#"{"question": "1 + 1?", "answer": 2}"#)?;
    /// assert_eq!(Format::detect(&file)?, Format::QuestionAnswer);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`rows::read`], what is wrong with the first row, and [`DataError::Line`] or [`DataError::Row`] with
    /// its columns when no layout has them.
    pub fn detect(path: impl AsRef<Path>) -> Result<Self, DataError> {
        detect_with(path.as_ref(), format, "a question and an answer", &Self::ALL.map(Self::name))
    }
}

impl TraceFormat {
    /// The layout that the first row of a file has.
    ///
    /// # Errors
    /// As [`Format::detect`].
    pub fn detect(path: impl AsRef<Path>) -> Result<Self, DataError> {
        let what = "a prompt and a completion, or messages";
        detect_with(path.as_ref(), trace_format, what, &Self::ALL.map(Self::name))
    }
}

/// The first row decides.
fn detect_with<F>(
    path: &Path,
    layout: impl Fn(&Fields) -> Option<F>,
    what: &str,
    formats: &[&str],
) -> Result<F, DataError> {
    let mut rows = rows::read::<Fields>(path)?;
    let place = rows.place().clone();
    let record = rows.next().ok_or(DataError::Empty)??;
    layout(&record.value).ok_or_else(|| {
        let names: Vec<&str> = record.value.0.keys().map(String::as_str).collect();
        let reason = format!(
            "the layout cannot be told by the columns {}; expected {what}; name the columns, or give the format: {}",
            names.join(", "),
            formats.join(", ")
        );
        place.error(record.row, reason)
    })
}

/// Known sets by what only they have, then what any file can have.
fn format(fields: &Fields) -> Option<Format> {
    let has = |name: &str| fields.0.contains_key(name);
    let all = |names: &[&str]| names.iter().all(|name| has(name));
    let answer = fields.0.get("answer").and_then(Value::as_str);
    Some(if all(&["question", "reference"]) {
        Format::Problems
    } else if all(&["Body", "Question", "Answer"]) {
        Format::Svamp
    } else if all(&["nums", "target"]) {
        Format::Countdown
    } else if all(&["chosen", "rejected"]) {
        Format::Preference
    } else if all(&["dataset", "messages", "answer"]) {
        Format::Mgsm
    } else if all(&["task_id", "entry_point", "test"]) {
        Format::HumanEval
    } else if all(&["task_id", "test_list"]) {
        Format::Mbpp
    } else if has("question_content") {
        Format::LiveCodeBench
    } else if all(&["question", "input_output"]) {
        Format::Apps
    } else if all(&["description", "private_tests"]) {
        Format::CodeContests
    } else if has("question") && answer.is_some_and(is_gsm8k) {
        Format::Gsm8k
    } else if has("problem") && (has("solution") || has("unique_id")) && (has("level") || has("subject")) {
        Format::Math
    } else if QUESTION.into_iter().any(has) && ANSWER.into_iter().chain(TESTS).any(has) {
        Format::QuestionAnswer
    } else {
        return None;
    })
}

/// True for a worked solution that ends with `#### 72`.
fn is_gsm8k(answer: &str) -> bool {
    answer
        .rsplit_once("####")
        .is_some_and(|(_, result)| result.trim().replace(',', "").parse().is_ok_and(f64::is_finite))
}

fn trace_format(fields: &Fields) -> Option<TraceFormat> {
    let has = |name: &str| fields.0.contains_key(name);
    let all = |names: &[&str]| names.iter().all(|name| has(name));
    let has_markers = || fields.0["conversations"].to_string().contains("<|begin_of_thought|>");
    Some(if all(&["problem", "generations"]) {
        TraceFormat::OpenR1
    } else if all(&["problem", "deepseek_reasoning", "deepseek_solution"]) {
        TraceFormat::OpenThoughts
    } else if has("conversations") && has_markers() {
        TraceFormat::Stratos
    } else if has("messages") || has("conversations") {
        TraceFormat::Messages
    } else if all(&["prompt", "completion"]) {
        // A list of token ids, a problem or a provenance is written by this crate alone.
        let is_ids = fields.0["prompt"].get(0).is_some_and(Value::is_number);
        if is_ids || has("provenance") || has("problem") {
            TraceFormat::Traces
        } else {
            TraceFormat::PromptCompletion
        }
    } else if QUESTION.into_iter().any(has)
        && ["completion", "response", "output", "solution", "answer"].into_iter().any(has)
    {
        TraceFormat::QuestionAnswer
    } else {
        return None;
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::tests::file;

    #[test]
    fn layouts_are_told_by_their_columns() {
        for (row, expected) in [
            (r#"{"question": "a", "reference": {"kind": "number", "text": "1"}}"#, Format::Problems),
            (r#"{"question": "a", "answer": "It is.\n#### 1,000"}"#, Format::Gsm8k),
            (r#"{"question": "a", "answer": "1"}"#, Format::QuestionAnswer),
            (r#"{"question": "a", "answer": "use #### here"}"#, Format::QuestionAnswer),
            (r#"{"id": 60, "problem": "a", "answer": "204", "level": 1}"#, Format::QuestionAnswer),
            (
                r#"{"problem": "a", "solution": "\\boxed{1}", "level": "Level 1", "type": "Algebra"}"#,
                Format::Math,
            ),
            (r#"{"messages": [], "answer": "1"}"#, Format::QuestionAnswer),
            (r#"{"dataset": "mgsm-de", "id": "0", "messages": [], "answer": "1"}"#, Format::Mgsm),
            (r#"{"nums": [1], "target": 1}"#, Format::Countdown),
            (r#"{"chosen": "a", "rejected": "b"}"#, Format::Preference),
        ] {
            assert_eq!(Format::detect(file(row).path()).unwrap(), expected, "{row}");
        }
        let text = Format::detect(file("\n{\"a\": 1, \"b\": 2}").path()).unwrap_err().to_string();
        assert!(
            text.contains("line 2: the layout cannot be told by the columns a, b; expected a question"),
            "{text}"
        );
        assert!(matches!(Format::detect(file("\n").path()), Err(DataError::Empty)));
    }

    #[test]
    fn layouts_of_traces_are_told_by_their_columns() {
        for (row, expected) in [
            (r#"{"problem": "a", "generations": []}"#, TraceFormat::OpenR1),
            (
                r#"{"conversations": [{"from": "gpt", "value": "<|begin_of_thought|>"}]}"#,
                TraceFormat::Stratos,
            ),
            (r#"{"conversations": [{"from": "gpt", "value": "x"}]}"#, TraceFormat::Messages),
            (r#"{"messages": []}"#, TraceFormat::Messages),
            (r#"{"prompt": "a", "completion": "b"}"#, TraceFormat::PromptCompletion),
            (r#"{"prompt": [1, 2], "completion": "b"}"#, TraceFormat::Traces),
            (r#"{"prompt": "a", "completion": "b", "provenance": {}}"#, TraceFormat::Traces),
            (r#"{"question": "a", "response": "b"}"#, TraceFormat::QuestionAnswer),
        ] {
            assert_eq!(TraceFormat::detect(file(row).path()).unwrap(), expected, "{row}");
        }
    }
}
