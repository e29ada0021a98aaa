//! Files with one JSON object a line.

use std::{
    io::{BufRead, Read},
    marker::PhantomData,
    path::Path,
};

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{
    fields::{Columns, Fields},
    json_error::{clause, reason_in_line},
    place::{Place, stem},
    rows::{self, Record},
};
use crate::DataError;
use r1_core::Problem;

/// Reads every line of a file. Blank lines are skipped, but counted; a byte-order mark is ignored.
///
/// # Errors
/// [`DataError::Read`] when the file cannot be read, [`DataError::Line`] for the first line that is
/// not UTF-8 or does not hold a `T`, and [`DataError::Empty`] when no line holds anything. Files of other
/// kinds are read too, see [`rows::read`].
pub fn read<T: DeserializeOwned + 'static>(path: impl AsRef<Path>) -> Result<Vec<Record<T>>, DataError> {
    let records: Vec<Record<T>> = rows::read(path)?.collect::<Result<_, _>>()?;
    if records.is_empty() { Err(DataError::Empty) } else { Ok(records) }
}

/// The text of a file with these items, one a line.
///
/// # Panics
/// When an item cannot be written as JSON: a map with keys that are no texts.
pub fn to_lines<'a, T: Serialize + 'a>(items: impl IntoIterator<Item = &'a T>) -> String {
    let line = |item| serde_json::to_string(item).expect("its maps have texts as keys") + "\n";
    items.into_iter().map(line).collect()
}

/// Reads problems as this crate writes them: one [`Problem`] a line. A problem without an id is named by the
/// file and its number, and fields that a problem has not are ignored.
///
/// # Errors
/// As [`read`], and [`DataError::Line`] when two problems have the same id.
pub fn load(path: impl AsRef<Path>) -> Result<Vec<Problem>, DataError> {
    let stem = stem(path.as_ref());
    rows::problems(path.as_ref(), |number, fields: Fields| {
        let id = fields.id(&Columns::default())?.unwrap_or_else(|| format!("{stem}-{number}"));
        let problem = fields.with_id(id, &["id", "question", "reference", "metadata"]);
        Problem::deserialize(problem).map_err(|error| clause(&error.to_string()))
    })
}

/// The longest line that is read: the tests of one problem of LiveCodeBench take a hundred megabytes.
const MAX_LINE_BYTES: u64 = 1 << 30;

/// The lines of a reader as a `T` each.
pub(super) struct Lines<R, T> {
    place: Place,
    reader: R,
    line: usize,
    seen: bool,
    held: PhantomData<fn() -> T>,
}

impl<R: BufRead, T: DeserializeOwned> Lines<R, T> {
    pub(super) fn new(place: Place, reader: R) -> Self {
        Self { place, reader, line: 0, seen: false, held: PhantomData }
    }

    fn parse(&self, bytes: &[u8]) -> Option<Result<T, String>> {
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").filter(|_| self.line == 1).unwrap_or(bytes);
        let text = match std::str::from_utf8(bytes) {
            Ok(text) if text.trim().is_empty() => return None,
            Ok(text) => text,
            Err(error) => return Some(Err(format!("not UTF-8 from byte {}", error.valid_up_to() + 1))),
        };
        let text = text.trim_end_matches(['\n', '\r']);
        let is_first = !self.seen;
        Some(serde_json::from_str(text).map_err(|error| reason_in_line(&error, text, is_first)))
    }
}

impl<R: BufRead, T: DeserializeOwned> Iterator for Lines<R, T> {
    type Item = Result<Record<T>, DataError>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut bytes = Vec::new();
        loop {
            bytes.clear();
            self.line += 1;
            match self.reader.by_ref().take(MAX_LINE_BYTES).read_until(b'\n', &mut bytes) {
                Ok(0) => return None,
                Ok(read) if read as u64 == MAX_LINE_BYTES && !bytes.ends_with(b"\n") => {
                    let reason = format!(
                        "the line is longer than {} MiB; is it a file of lines?",
                        MAX_LINE_BYTES >> 20
                    );
                    return Some(Err(self.place.error(self.line, reason)));
                }
                Ok(_) => {}
                Err(source) => return Some(Err(self.place.cannot_read(source))),
            }
            if let Some(value) = self.parse(&bytes) {
                self.seen = true;
                let record = value.map(|value| Record { row: self.line, value });
                return Some(record.map_err(|reason| self.place.error(self.line, reason)));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::Deserialize;

    use super::*;
    use crate::dataset::tests::file;
    use r1_core::Reference;

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
            read::<Row>(file.path()).unwrap().iter().map(|row| (row.row, row.value.n)).collect();
        assert_eq!(rows, [(1, 1), (4, 2)]);
    }

    #[test]
    fn a_malformed_line_is_named_with_its_file() {
        let content = "{\"n\": 1}\n".repeat(16);
        assert_eq!(
            error(content.clone() + "{\"n\": 1,\n{\"n\": 2}\n"),
            "`FILE` line 17: malformed JSON at column 8: EOF while parsing a value; the object does not end on \
             its line; a file has one object a line or one array of them"
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
    fn common_causes_are_told() {
        for (content, end) in [
            ("{\"n\": \"a\0b\"}", "the byte 0x00 is NUL, which JSON writes as \\u0000"),
            ("{\"n\": \"a\tb\"}", "the byte 0x09 is a control character, which JSON writes as \\u0009"),
            ("{\"n\": NaN}", "`NaN` is no number of JSON; write null, or leave the field out"),
            ("{\"n\": nan}", "`nan` is no number of JSON; write null, or leave the field out"),
            ("{\"n\": -Infinity}", "`Infinity` is no number of JSON; write null, or leave the field out"),
            ("{'n': 1}", "this is Python's spelling; write lines with json.dumps"),
            ("{\"n\": None}", "this is Python's spelling; write lines with json.dumps"),
            ("n,m\n1,2", "if this is the header of a CSV file, end the file's name with .csv or .tsv"),
            ("\"n\"\t\"m\"", "if this is the header of a CSV file, end the file's name with .csv or .tsv"),
        ] {
            let text = error(content);
            assert!(text.starts_with("`FILE` line 1: ") && text.ends_with(end), "{text}");
        }
        assert!(error("{\"n\": 1e999}").ends_with("number out of range"));
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
