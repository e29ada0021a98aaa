//! Answers whose steps are labelled one by one.
//!
//! ```json
//! {"prompt": "3+5-2", "completions": ["3+5-2=8-2\n", "=5"], "labels": [true, false]}
//! {"prompt": [{"role": "user", "content": "3+5-2"}], "completions": ["8-2=", "6"], "labels": [0.75, 1]}
//! ```
//!
//! The layout is that of TRL's process rewards ("stepwise supervision", TRL 1.16), with shares as labels beside true and
//! false.

use std::path::Path;

use serde::{Serialize, Serializer};
use serde_json::Value;

use super::{
    fields::{Columns, Fields},
    labelled::score_of,
    preference::prompt,
    rows,
};
use crate::DataError;
use r1_core::Content;

/// An answer in steps, and how good each step is. Written out, it is a row of such a file.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StepwiseRow {
    /// Unique within its file.
    pub id: String,
    /// What it answers.
    #[serde(serialize_with = "write_prompt")]
    pub prompt: Content,
    /// The steps; joined they are the answer, or its beginning.
    #[serde(rename = "completions")]
    pub steps: Vec<String>,
    /// For each step from 0, bad, to 1, good.
    pub labels: Vec<f64>,
}

/// Reads a file of answers in steps: `prompt` or `question` (a text is what the user says), `completions`, a list of
/// texts, and `labels`, one for each: true or false, or a number from 0 to 1. The ids are the rows' own, else
/// `stepwise-1`, `stepwise-2`, ... in the file's order.
///
/// # Errors
/// As [`rows::read`]; [`DataError::Line`] or [`DataError::Row`] when there is no step, one is empty, or it has not one
/// label.
pub fn load(path: impl AsRef<Path>) -> Result<Vec<StepwiseRow>, DataError> {
    let one = |number, fields: Fields| Ok(vec![row(number, &fields)?]);
    rows::items(path.as_ref(), one, |_, _, row: &mut StepwiseRow| {
        rows::check_length("answer", &row.steps.concat())?;
        Ok(row.id.clone())
    })
}

fn row(number: usize, fields: &Fields) -> Result<StepwiseRow, String> {
    let id = fields.id(&Columns::default())?.unwrap_or_else(|| format!("stepwise-{number}"));
    let list = |name: &str| match fields.0.get(name) {
        None => Err(format!("missing field `{name}`")),
        Some(value) => value.as_array().ok_or_else(|| format!("`{name}` is no list")),
    };
    let steps = list("completions")?.iter().map(|step| match step.as_str() {
        Some(text) if !text.is_empty() => Ok(text.to_owned()),
        _ => Err(format!("`completions` has {step}; expected texts")),
    });
    let steps = steps.collect::<Result<Vec<String>, String>>()?;
    let labels = list("labels")?.iter().map(label).collect::<Result<Vec<f64>, String>>()?;
    if steps.is_empty() || steps.len() != labels.len() {
        return Err(format!(
            "there are {} steps and {} labels; expected one label a step",
            steps.len(),
            labels.len()
        ));
    }
    let prompt = prompt(fields)?.filter(|prompt| !prompt.is_empty());
    let prompt = prompt.ok_or("there is no prompt; give `prompt`, a text or a list of messages")?;
    Ok(StepwiseRow { id, prompt: Content::Messages(prompt), steps, labels })
}

fn write_prompt<S: Serializer>(prompt: &Content, serializer: S) -> Result<S::Ok, S::Error> {
    match prompt {
        Content::Messages(messages) => messages.serialize(serializer),
        Content::Text(text) => text.serialize(serializer),
        Content::Ids(ids) => ids.serialize(serializer),
    }
}

fn label(value: &Value) -> Result<f64, String> {
    score_of(value)
        .ok_or_else(|| format!("`labels` has {value}; expected true, false or a number from 0 to 1"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::tests::{error_of, file};
    use r1_core::Message;

    #[test]
    fn steps_are_read_with_their_labels() {
        let file = file(
            r#"{"prompt": "3+5", "completions": ["3+5=", "8"], "labels": [true, false]}
               {"prompt": [{"role": "user", "content": "3+5"}], "completions": ["8"], "labels": [0.75], "id": "x"}"#,
        );
        let rows = load(file.path()).unwrap();
        assert!(rows.iter().all(|row| row.prompt == Content::Messages(vec![Message::user("3+5")])));
        assert_eq!((rows[0].id.as_str(), rows[1].id.as_str()), ("stepwise-1", "x"));
        assert_eq!(
            (rows[0].steps.as_slice(), rows[0].labels.as_slice()),
            (["3+5=", "8"].map(String::from).as_slice(), [1.0, 0.0].as_slice())
        );
        assert_eq!(rows[1].labels, [0.75]);
        let written = rows.iter().map(|row| serde_json::to_string(row).unwrap() + "\n").collect::<String>();
        let again = super::load(super::super::tests::file(&written).path()).unwrap();
        assert_eq!(again, rows);
    }

    #[test]
    fn rows_that_do_not_fit_are_named() {
        for (text, reason) in [
            (r#"{"prompt": "a", "labels": [1]}"#, "missing field `completions`"),
            (r#"{"prompt": "a", "completions": "b", "labels": [1]}"#, "`completions` is no list"),
            (
                r#"{"prompt": "a", "completions": [""], "labels": [1]}"#,
                "`completions` has \"\"; expected texts",
            ),
            (
                r#"{"prompt": "a", "completions": ["b"], "labels": [2]}"#,
                "`labels` has 2; expected true, false or a number from 0 to 1",
            ),
            (
                r#"{"prompt": "a", "completions": ["b", "c"], "labels": [1]}"#,
                "there are 2 steps and 1 labels; expected one label a step",
            ),
            (
                r#"{"prompt": "a", "completions": [], "labels": []}"#,
                "there are 0 steps and 0 labels; expected one label a step",
            ),
            (
                r#"{"completions": ["b"], "labels": [1]}"#,
                "there is no prompt; give `prompt`, a text or a list of messages",
            ),
        ] {
            let error = error_of(load, text);
            assert!(error.ends_with(&format!("line 1: {reason}")), "{error}");
        }
    }
}
