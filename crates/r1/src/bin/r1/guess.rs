//! Guessing the layout of a file of problems.

use std::path::Path;

use r1_data::{
    DataError,
    dataset::{Format, rows},
};
use serde_json::{Map, Value};

use crate::failure::Failure;

/// The layout of a file by the fields of its first record; compressed files and Parquet are read as what they hold.
pub(crate) fn format(path: &Path) -> Result<Format, Failure> {
    let shown = path.display();
    let known = Format::ALL.map(Format::name).join("|");
    if std::fs::metadata(path).is_ok_and(|about| !about.is_file() && !about.is_dir()) {
        // What is read from a pipe to guess by cannot be read again.
        return Err(Failure::Job(format!("`{shown}` can be read only once; give --format {known}")));
    }
    let record: Map<String, Value> = rows::read(path)?.next().ok_or(DataError::Empty)??.value;
    layout(&record)
        .ok_or_else(|| Failure::Job(format!("cannot tell the format of `{shown}`; give --format {known}")))
}

fn layout(record: &Map<String, Value>) -> Option<Format> {
    let has = |name: &str| record.contains_key(name);
    if has("reference") {
        Some(Format::Problems)
    } else if has("Body") {
        Some(Format::Svamp)
    } else if has("nums") && has("target") {
        Some(Format::Countdown)
    } else if has("chosen") && has("rejected") {
        Some(Format::Preference)
    } else if has("messages") {
        Some(Format::Mgsm)
    } else if record.get("answer").and_then(Value::as_str).is_some_and(|answer| answer.contains("####")) {
        Some(Format::Gsm8k)
    } else if has("level") || has("subject") || has("type") {
        Some(Format::Math)
    } else if has("id") && has("answer") && (has("problem") || has("question")) {
        Some(Format::Aime)
    } else {
        None
    }
}
