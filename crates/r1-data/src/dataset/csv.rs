//! Files of comma- or tab-separated values with a header.

use std::{
    cell::Cell,
    io::{self, BufRead, Read},
    marker::PhantomData,
    rc::Rc,
};

use csv::{ByteRecord, ErrorKind, ReaderBuilder};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::{open::Reader, place::Place, rows::Record};
use crate::DataError;

/// The rows of a table as a `T` each: an object with the header's names and the cells' texts, null for an
/// empty cell. Rows are numbered by the line that they begin in.
pub(super) struct TableRows<T> {
    place: Place,
    reader: csv::Reader<Watched>,
    header: Vec<String>,
    /// Lines that the library counts too few: it sees the second byte of `\r\n` with the next record.
    behind: usize,
    /// The last byte of the file so far that ends no line.
    last: Rc<Cell<u8>>,
    /// The row whose last cell has several lines, when it is the last so far.
    open: Option<usize>,
    damaged: bool,
    held: PhantomData<fn() -> T>,
}

impl<T> TableRows<T> {
    /// Reads the header.
    pub(super) fn open(place: Place, mut reader: Reader) -> Result<Self, DataError> {
        let start = reader.fill_buf().map_err(|source| place.cannot_read(source))?;
        let first = start.split(|byte| *byte == b'\n').next().unwrap_or_default();
        let (delimiter, behind) = (delimiter(first), usize::from(first.ends_with(b"\r")));
        let last = Rc::new(Cell::new(0));
        let watched = Watched { reader, last: Rc::clone(&last) };
        let mut reader = ReaderBuilder::new().delimiter(delimiter).from_reader(watched);
        let names = reader.byte_headers().map_err(|error| explain(&place, error, 0))?.clone();
        let mut header: Vec<String> = Vec::new();
        for (column, name) in names.iter().enumerate() {
            let name = if column == 0 { name.strip_prefix(b"\xef\xbb\xbf").unwrap_or(name) } else { name };
            let name =
                text(name).map_err(|reason| place.error(1, format!("column {}: {reason}", column + 1)))?;
            // A name may be empty, as pandas writes its index, but not stand twice.
            if !name.is_empty() && header.iter().any(|other| other == name.trim()) {
                return Err(place.error(1, format!("the header has two columns `{}`", name.trim())));
            }
            header.push(name.trim().to_owned());
        }
        Ok(Self { place, reader, header, behind, last, open: None, damaged: false, held: PhantomData })
    }

    fn object(&self, record: &ByteRecord) -> Result<Value, String> {
        let mut object = Map::new();
        for (name, cell) in self.header.iter().zip(record).filter(|(name, _)| !name.is_empty()) {
            let cell = text(cell).map_err(|reason| format!("`{name}`: {reason}"))?;
            object.insert(name.clone(), if cell.is_empty() { Value::Null } else { cell.into() });
        }
        Ok(Value::Object(object))
    }
}

impl<T: DeserializeOwned> Iterator for TableRows<T> {
    type Item = Result<Record<T>, DataError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.damaged {
            return None;
        }
        let mut record = ByteRecord::new();
        match self.reader.read_byte_record(&mut record) {
            Ok(false) => {
                let row = self.open.take().filter(|_| self.last.get() != b'"')?;
                return Some(Err(self.place.error(row, "a quotation mark is not closed".into())));
            }
            Ok(true) => {}
            Err(error) => {
                self.damaged = true;
                return Some(Err(explain(&self.place, error, self.behind)));
            }
        }
        let row = record.position().map_or(1, |position| position.line() as usize + self.behind);
        self.open = record.iter().next_back().is_some_and(|cell| cell.contains(&b'\n')).then_some(row);
        let value = self.object(&record).and_then(|value| {
            T::deserialize(value).map_err(|error| super::json_error::clause(&error.to_string()))
        });
        let record = value.map(|value| Record { row, value });
        Some(record.map_err(|reason| self.place.error(row, reason)))
    }
}

/// A reader that remembers its last byte that ends no line.
struct Watched {
    reader: Reader,
    last: Rc<Cell<u8>>,
}

impl Read for Watched {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.read(buffer)?;
        if let Some(byte) = buffer[..count].iter().rfind(|byte| !b"\r\n".contains(byte)) {
            self.last.set(*byte);
        }
        Ok(count)
    }
}

/// The separator that the header has: a tab, a semicolon where there is no comma, else the comma.
fn delimiter(header: &[u8]) -> u8 {
    let has = |byte| header.contains(&byte);
    match () {
        () if has(b'\t') => b'\t',
        () if has(b';') && !has(b',') => b';',
        () => b',',
    }
}

fn text(bytes: &[u8]) -> Result<&str, String> {
    std::str::from_utf8(bytes).map_err(|error| format!("not UTF-8 from byte {}", error.valid_up_to() + 1))
}

fn explain(place: &Place, error: csv::Error, behind: usize) -> DataError {
    let text = error.to_string();
    match error.into_kind() {
        ErrorKind::Io(source) => place.cannot_read(source),
        ErrorKind::UnequalLengths { pos, expected_len, len } => {
            let line = pos.map_or(1, |pos| pos.line() as usize + behind);
            let reason = format!(
                "there are {len} cells and {expected_len} names in the header; is a comma or a quotation mark \
                 not quoted?"
            );
            place.error(line, reason)
        }
        _ => place.whole(format!("cannot be read as CSV: {text}")),
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, path::PathBuf};

    use serde_json::{Value, json};

    use crate::{DataError, dataset::rows};

    fn values(name: &str, content: impl AsRef<[u8]>) -> Result<Vec<(usize, Value)>, DataError> {
        let folder = tempfile::tempdir().unwrap();
        let path: PathBuf = folder.path().join(name);
        fs::write(&path, content).unwrap();
        rows::read(path)?.map(|record| record.map(|record| (record.row, record.value))).collect()
    }

    #[test]
    fn cells_are_texts_by_the_names_of_the_header() {
        let expected = [
            (2, json!({"question": "1+1,\n\"2\"?", "answer": "2"})),
            (4, json!({"question": "é", "answer": null})),
        ];
        for (name, content) in [
            ("a.csv", "\u{feff}question,answer\n\"1+1,\n\"\"2\"\"?\",2\né,\n"),
            ("a.tsv", "question\tanswer\r\n\"1+1,\n\"\"2\"\"?\"\t2\r\né\t\r\n"),
            ("A.CSV", "question; answer\n\"1+1,\n\"\"2\"\"?\";2\né;\n"),
        ] {
            assert_eq!(values(name, content).unwrap(), expected, "{name}");
        }
        assert_eq!(
            values("a.csv", ",n\n0,1\n").unwrap(),
            [(2, json!({"n": "1"}))],
            "an index without a name"
        );
        assert_eq!(values("a.csv", "").unwrap(), []);
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line() {
        let error = |content: &[u8]| values("a.csv", content).unwrap_err().to_string();
        let text = error(b"a,b\n1,2\n3\n");
        assert!(text.contains("line 3: there are 1 cells and 2 names in the header"), "{text}");
        let text = error(b"a,b\n1,2\n3,\"4\n5,6\n");
        assert!(text.ends_with("line 3: a quotation mark is not closed"), "{text}");
        let text = error(b"a,a\n1,2\n");
        assert!(text.ends_with("line 1: the header has two columns `a`"), "{text}");
        let text = error(b"a,b\n1,2\n3,\xff\n");
        assert!(text.ends_with("line 3: `b`: not UTF-8 from byte 1"), "{text}");
    }
}
