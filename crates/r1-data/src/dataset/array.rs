//! Files with one JSON array of objects.

use std::{fmt, io::BufRead, marker::PhantomData};

use serde::{
    Deserializer as _,
    de::{DeserializeOwned, SeqAccess, Visitor},
};
use serde_json::Deserializer;

use super::{json_error::reason, place::Place, rows::Record};
use crate::DataError;

/// Reads every element. They are numbered from 1, and what does not fit is named by its line.
pub(super) fn read<T: DeserializeOwned>(
    place: &Place,
    mut reader: impl BufRead,
) -> Result<Vec<Record<T>>, DataError> {
    let start = reader.fill_buf().map_err(|source| place.cannot_read(source))?;
    if start.starts_with(b"\xef\xbb\xbf") {
        reader.consume(3);
    }
    let mut deserializer = Deserializer::from_reader(reader);
    let elements = deserializer
        .deserialize_seq(Elements(PhantomData))
        .and_then(|elements| deserializer.end().map(|()| elements));
    elements.map_err(|error| {
        if error.is_io() {
            return place.cannot_read(error.into());
        }
        DataError::Line { path: place.path.clone(), line: error.line().max(1), reason: reason(&error) }
    })
}

struct Elements<T>(PhantomData<fn() -> T>);

impl<'de, T: DeserializeOwned> Visitor<'de> for Elements<T> {
    type Value = Vec<Record<T>>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an array of objects")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Self::Value, A::Error> {
        let mut elements = Vec::new();
        while let Some(value) = sequence.next_element()? {
            elements.push(Record { row: elements.len() + 1, value });
        }
        Ok(elements)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use crate::{
        DataError,
        dataset::{rows, tests::file},
    };

    fn values(content: &str) -> Result<Vec<(usize, Value)>, DataError> {
        rows::read(file(content).path())?
            .map(|record| record.map(|record| (record.row, record.value)))
            .collect()
    }

    #[test]
    fn elements_are_rows_however_they_are_laid_out() {
        for content in [
            "[{\"n\":1},{\"n\":2}]",
            "\u{feff} [\n  {\n    \"n\": 1\n  },\n  {\"n\": 2}\n]\n",
            "\n[{\"n\":1}\n,{\"n\":2}]",
        ] {
            let rows = values(content).unwrap();
            assert_eq!(
                rows.iter().map(|(row, value)| (*row, value["n"].as_u64())).collect::<Vec<_>>(),
                [(1, Some(1)), (2, Some(2))]
            );
        }
        assert_eq!(values("[]").unwrap(), []);
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line() {
        for (content, end) in [
            ("[{\"n\": 1},\n{\"n\": }]", "line 2: malformed JSON at column 7: expected value"),
            ("[{\"n\": 1},\n{\"n\": 2}", "line 2: malformed JSON at column 8: EOF while parsing a list"),
            ("[{\"n\": 1}]\n[2]", "line 2: malformed JSON at column 1: trailing characters"),
        ] {
            let error = values(content).unwrap_err().to_string();
            assert!(error.ends_with(end), "{error}");
        }
    }
}
