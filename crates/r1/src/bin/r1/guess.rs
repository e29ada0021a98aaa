//! Guessing the layout of a file of problems.

use std::{
    fs::File,
    io::{BufRead, BufReader},
    path::Path,
};

use r1_data::dataset::Format;
use serde_json::{Map, Value};

use crate::failure::Failure;

/// The layout of a file by the fields of its first record.
pub(crate) fn format(path: &Path) -> Result<Format, Failure> {
    let shown = path.display();
    let cannot = |error: std::io::Error| Failure::Job(format!("cannot read `{shown}`: {error}"));
    let mut first = Vec::new();
    let mut file = BufReader::new(File::open(path).map_err(cannot)?);
    while first.trim_ascii().is_empty() {
        first.clear();
        if file.read_until(b'\n', &mut first).map_err(cannot)? == 0 {
            return Err(r1_data::DataError::Empty.into());
        }
    }
    let record = first.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&first);
    let record: Option<Map<String, Value>> = serde_json::from_slice(record).ok();
    record.as_ref().and_then(layout).ok_or_else(|| {
        let known: Vec<&str> = Format::ALL.into_iter().map(Format::name).collect();
        Failure::Job(format!("cannot tell the format of `{shown}`; give --format {}", known.join("|")))
    })
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
