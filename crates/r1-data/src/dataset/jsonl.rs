//! Files with one JSON object a line.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
};

use serde::{Serialize, de::DeserializeOwned};

use crate::{DataError, Problem};

/// One object of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record<T> {
    /// Its line, counted from 1.
    pub line: usize,
    /// What it holds.
    pub value: T,
}

/// Reads every line of a file. Blank lines are skipped, but counted; a byte-order mark is ignored.
///
/// # Errors
/// [`DataError::Read`] when the file cannot be read, [`DataError::Line`] for the first line that is
/// not UTF-8 or does not hold a `T`, and [`DataError::Empty`] when no line holds anything.
pub fn read<T: DeserializeOwned>(path: impl AsRef<Path>) -> Result<Vec<Record<T>>, DataError> {
    let path = path.as_ref();
    let bytes = std::fs::read(path).map_err(|source| DataError::Read { path: path.to_owned(), source })?;
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
    let mut records = Vec::new();
    for (line, text) in (1..).zip(bytes.split(|&byte| byte == b'\n')) {
        let text = std::str::from_utf8(text).map_err(|error| {
            at_line(path, line, format!("not UTF-8 from byte {}", error.valid_up_to() + 1))
        })?;
        if text.trim().is_empty() {
            continue;
        }
        let value = serde_json::from_str(text).map_err(|error| at_line(path, line, explain(&error)))?;
        records.push(Record { line, value });
    }
    if records.is_empty() {
        return Err(DataError::Empty);
    }
    Ok(records)
}

/// The text of a file with these items, one a line.
///
/// # Panics
/// When an item cannot be written as JSON: a map with keys that are no texts.
pub fn to_lines<'a, T: Serialize + 'a>(items: impl IntoIterator<Item = &'a T>) -> String {
    let line = |item| serde_json::to_string(item).expect("its maps have texts as keys") + "\n";
    items.into_iter().map(line).collect()
}

/// Reads problems as this crate writes them: one [`Problem`] a line.
///
/// # Errors
/// As [`read`], and [`DataError::Line`] when two problems have the same id.
pub fn load(path: impl AsRef<Path>) -> Result<Vec<Problem>, DataError> {
    problems(path.as_ref(), |_, problem: Problem| Ok(problem))
}

/// Reads every line and makes a problem of it; `make` gets the number of the record, from 1, and says
/// what is wrong with a record that is none.
pub(super) fn problems<T: DeserializeOwned>(
    path: &Path,
    mut make: impl FnMut(usize, T) -> Result<Problem, String>,
) -> Result<Vec<Problem>, DataError> {
    let mut lines = HashMap::new();
    let mut problems = Vec::new();
    for (number, Record { line, value }) in (1..).zip(read(path)?) {
        let problem = make(number, value).map_err(|reason| at_line(path, line, reason))?;
        if let Some(first) = lines.insert(problem.id.clone(), line) {
            let reason = format!("the id `{}` stands in line {first}, too; ids must be unique", problem.id);
            return Err(at_line(path, line, reason));
        }
        problems.push(problem);
    }
    Ok(problems)
}

pub(crate) fn at_line(path: &Path, line: usize, reason: String) -> DataError {
    DataError::Line { path: PathBuf::from(path), line, reason }
}

/// What serde says, without its own line number, which is always 1 here.
fn explain(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    match text.strip_suffix(&place) {
        Some(reason) if error.is_data() => reason.to_owned(),
        Some(reason) => format!("malformed JSON at column {}: {reason}", error.column()),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::Deserialize;

    use super::*;
    use crate::{Reference, dataset::tests::file};

    #[derive(Debug, Deserialize)]
    struct Row {
        n: u32,
    }

    fn error(content: impl AsRef<[u8]>) -> String {
        let file = file(content);
        let text = read::<Row>(file.path()).unwrap_err().to_string();
        text.replace(&file.path().display().to_string(), "FILE")
    }

    #[test]
    fn blank_lines_are_skipped_and_counted() {
        let file = file("\u{feff}{\"n\": 1}\r\n\n  \n{\"n\": 2}");
        let rows: Vec<(usize, u32)> =
            read::<Row>(file.path()).unwrap().iter().map(|row| (row.line, row.value.n)).collect();
        assert_eq!(rows, [(1, 1), (4, 2)]);
    }

    #[test]
    fn a_malformed_line_is_named_with_its_file() {
        let content = "{\"n\": 1}\n".repeat(16);
        assert_eq!(
            error(content.clone() + "{\"n\": 1,\n{\"n\": 2}\n"),
            "`FILE` line 17: malformed JSON at column 8: EOF while parsing a value"
        );
        assert_eq!(error(content.clone() + "{\"m\": 1}"), "`FILE` line 17: missing field `n`");
        assert_eq!(
            error(content.clone() + "{\"n\": \"1\"}"),
            "`FILE` line 17: invalid type: string \"1\", expected u32"
        );
        assert_eq!(
            error([content.as_bytes(), b"{\"n\": \xff}"].concat()),
            "`FILE` line 17: not UTF-8 from byte 7"
        );
    }

    #[test]
    fn a_file_without_records_is_empty() {
        for content in ["", "\n \n", "\u{feff}"] {
            assert!(matches!(read::<Row>(file(content).path()), Err(DataError::Empty)));
        }
    }

    #[test]
    fn a_missing_file_is_named() {
        let error = load("no/such.jsonl").unwrap_err();
        assert!(error.to_string().starts_with("cannot read `no/such.jsonl`: "), "{error}");
    }

    #[test]
    fn problems_come_back_as_they_were_written() {
        let problems = vec![
            Problem::new("a", "1 + 1?", Reference::number("2")).with("level", 3),
            Problem::new("b", "9?", Reference::Countdown { numbers: vec![4, 5], target: 9 }),
        ];
        let lines: Vec<String> =
            problems.iter().map(|problem| serde_json::to_string(problem).unwrap()).collect();
        assert_eq!(load(file(lines.join("\n")).path()).unwrap(), problems);
        let twice = file([lines[0].as_str(), lines[1].as_str(), lines[0].as_str()].join("\n"));
        let error = load(twice.path()).unwrap_err().to_string();
        assert!(error.ends_with("line 3: the id `a` stands in line 1, too; ids must be unique"), "{error}");
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            let _ = load(file(bytes).path());
        }
    }
}
