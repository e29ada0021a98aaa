//! Rows of a file, whatever it is: JSON lines, a JSON array, CSV, the same compressed with gzip, or Parquet.
//!
//! The first bytes of a file decide, and the name only for CSV. A row of Parquet is the JSON object that the
//! same data have as a line, so every layout reads all of them.

use std::{collections::HashMap, path::Path};

use serde::de::DeserializeOwned;

use super::{
    array, csv,
    jsonl::Lines,
    open::{Container, open},
    place::Place,
};
use crate::DataError;
use r1_core::{Content, Problem, Trace};

/// One row of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record<T> {
    /// Its line or row, counted from 1.
    pub row: usize,
    /// The row's content.
    pub value: T,
}

/// The rows of a file in order, read while they are asked for.
pub struct Rows<T> {
    place: Place,
    records: Records<T>,
}

type Records<T> = Box<dyn Iterator<Item = Result<Record<T>, DataError>>>;

impl<T> std::fmt::Debug for Rows<T> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Rows").field("place", &self.place).finish_non_exhaustive()
    }
}

impl<T> Iterator for Rows<T> {
    type Item = Result<Record<T>, DataError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.records.next()
    }
}

/// Opens a file of JSON lines, of one JSON array, of CSV or TSV (by its name, `.csv` or `.tsv`), any of them
/// under gzip, or of Parquet (with the feature `parquet`). With the feature `hub` a path can also be an address
/// of the Hugging Face Hub, `hf://datasets/OWNER/NAME/FILE`.
///
/// A row of CSV is an object of texts, and an empty cell is null.
///
/// # Errors
/// [`DataError::Hub`] when such a file cannot be had, [`DataError::Read`] when it cannot be opened, and
/// [`DataError::File`] when it is a named pipe or a device, of a kind that is not read, or damaged Parquet. Each row is an error of its own when
/// it does not hold a `T`: [`DataError::Line`] or [`DataError::Row`].
pub fn read<T: DeserializeOwned + 'static>(path: impl AsRef<Path>) -> Result<Rows<T>, DataError> {
    let (place, container) = open(path.as_ref())?;
    let records: Records<T> = match container {
        Container::Lines(reader) => Box::new(Lines::new(place.clone(), reader)),
        Container::Array(reader) => Box::new(array::read(&place, reader)?.into_iter().map(Ok)),
        Container::Table(reader) => Box::new(csv::TableRows::open(place.clone(), reader)?),
        Container::Parquet => open_parquet(place.clone())?,
    };
    Ok(Rows { place, records })
}

impl<T> Rows<T> {
    /// The file, for errors.
    pub(crate) fn place(&self) -> &Place {
        &self.place
    }
}

#[cfg(feature = "parquet")]
fn open_parquet<T: DeserializeOwned + 'static>(place: Place) -> Result<Records<T>, DataError> {
    Ok(Box::new(super::parquet::ParquetRows::open(place)?))
}

#[cfg(not(feature = "parquet"))]
fn open_parquet<T>(place: Place) -> Result<Records<T>, DataError> {
    let reason = "is Parquet, and this program was built without the feature `parquet`; build it with \
                  `--features parquet`, or convert the file to JSON lines";
    Err(place.whole(reason.into()))
}

/// Reads every row and makes things of it, with an id each; `make` gets the number of the record, from 1,
/// and says what is wrong with a record that is none.
pub(super) fn items<T: DeserializeOwned + 'static, R>(
    path: &Path,
    mut make: impl FnMut(usize, T) -> Result<Vec<R>, String>,
    mut accept: impl FnMut(&Place, usize, &mut R) -> Result<String, String>,
) -> Result<Vec<R>, DataError> {
    let rows = read(path)?;
    let place = rows.place.clone();
    let unit = place.unit.name();
    let (mut seen, mut items) = (HashMap::new(), Vec::new());
    for (number, record) in (1..).zip(rows) {
        let Record { row, value } = record?;
        for mut item in make(number, value).map_err(|reason| place.error(row, reason))? {
            let id = accept(&place, row, &mut item).map_err(|reason| place.error(row, reason))?;
            if let Some(first) = seen.insert(id.clone(), row) {
                let reason = format!("the id `{id}` stands in {unit} {first}, too; ids must be unique");
                return Err(place.error(row, reason));
            }
            items.push(item);
        }
    }
    if items.is_empty() { Err(DataError::Empty) } else { Ok(items) }
}

/// More bytes of text than any context holds: beyond, a tokenizer would work for minutes on a damaged file.
const MAX_TEXT_BYTES: usize = 8 << 20;

pub(super) fn check_length(name: &str, text: &str) -> Result<(), String> {
    let bytes = text.len();
    let reason =
        || format!("the {name} has {bytes} bytes, and at most {MAX_TEXT_BYTES} are read; is it one text?");
    if bytes > MAX_TEXT_BYTES { Err(reason()) } else { Ok(()) }
}

/// Makes one problem of every row.
pub(super) fn problems<T: DeserializeOwned + 'static>(
    path: &Path,
    mut make: impl FnMut(usize, T) -> Result<Problem, String>,
) -> Result<Vec<Problem>, DataError> {
    let one = |number, value| Ok(vec![make(number, value)?]);
    items(path, one, |_, _, problem: &mut Problem| {
        check_length("question", &problem.question)?;
        Ok(problem.id.clone())
    })
}

/// Makes traces of every row, none of some, and notes in the provenance of each which `file` and `row` it is
/// from, unless it says so already.
pub(crate) fn traces<T: DeserializeOwned + 'static>(
    path: &Path,
    make: impl FnMut(usize, T) -> Result<Vec<Trace>, String>,
) -> Result<Vec<Trace>, DataError> {
    items(path, make, |place, row, trace: &mut Trace| {
        trace.check()?;
        check_length("completion", &trace.completion)?;
        if let Content::Text(text) = &trace.prompt {
            check_length("prompt", text)?;
        }
        if !trace.provenance.contains_key("file") {
            trace.provenance.insert("file".into(), place.path.display().to_string().into());
            trace.provenance.insert("row".into(), row.into());
        }
        Ok(trace.id.clone())
    })
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::{Compression, write::GzEncoder};
    use serde_json::Value;

    use super::*;
    use crate::dataset::tests::file;

    fn gzip(text: &str) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    }

    fn rows(bytes: &[u8]) -> Result<Vec<(usize, Value)>, DataError> {
        read(file(bytes).path())?.map(|record| record.map(|record| (record.row, record.value))).collect()
    }

    #[test]
    fn compressed_lines_are_lines() {
        let text = "{\"n\": 1}\n\n{\"n\": \"é\"}";
        let plain = rows(text.as_bytes()).unwrap();
        assert_eq!(plain.iter().map(|(row, _)| *row).collect::<Vec<_>>(), [1, 3]);
        assert_eq!(rows(&gzip(text)).unwrap(), plain);
        // Several members, one behind the other, are one file.
        assert_eq!(rows(&[gzip("{\"n\": 1}\n\n"), gzip("{\"n\": \"é\"}")].concat()).unwrap(), plain);
        let error = rows(&gzip("{\"n\": 1}\n{")).unwrap_err().to_string();
        assert!(error.contains("line 2: malformed JSON"), "{error}");
    }

    #[test]
    fn a_compressed_file_that_ends_too_early_is_named() {
        let whole = gzip(&"{\"n\": 1}\n".repeat(1_000));
        let error = rows(&whole[..whole.len() - 9]).unwrap_err().to_string();
        assert!(error.starts_with("cannot read `"), "{error}");
    }

    /// A pipe without a writer would be waited for, and a device has no end.
    #[cfg(unix)]
    #[test]
    fn pipes_and_devices_are_refused_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe.jsonl");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status().unwrap();
        assert!(made.success());
        let error = read::<Value>(&pipe).unwrap_err().to_string();
        assert!(
            error
                .ends_with("pipe.jsonl` is a named pipe, not a file; write the data to a file and name that")
        );
        for device in ["/dev/zero", "/dev/null"] {
            let error = read::<Value>(device).unwrap_err().to_string();
            assert!(error.contains("is a device or a terminal, not a file"), "{error}");
        }
        let error = read::<Value>(folder.path()).map(|_| ()).unwrap_err().to_string();
        assert!(error.starts_with("cannot read `"), "{error}");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_pipe_that_is_open_is_read() {
        use std::os::fd::AsRawFd;
        let (reader, mut writer) = std::io::pipe().unwrap();
        writer.write_all(b"{\"n\": 1}\n").unwrap();
        drop(writer);
        let path = format!("/dev/fd/{}", reader.as_raw_fd());
        assert_eq!(read::<Value>(path).unwrap().count(), 1);
    }

    #[test]
    fn other_kinds_of_files_are_named() {
        for (bytes, kind) in [
            (&b"PK\x03\x04"[..], "is a zip archive; unpack it and name the file inside"),
            (b"\x28\xb5\x2f\xfd", "is compressed with zstd; decompress it, or compress it with gzip"),
            (b"\xff\xfe{\0", "is UTF-16; save it as UTF-8"),
        ] {
            assert!(rows(bytes).unwrap_err().to_string().ends_with(kind));
        }
    }

    #[test]
    fn a_text_without_end_is_refused() {
        let long = format!("{{\"question\": \"{}\", \"answer\": 1}}", "a".repeat(MAX_TEXT_BYTES + 1));
        let error = crate::dataset::tests::error(crate::dataset::question_answer::load, &long);
        assert!(
            error.contains("line 1: the question has 8388609 bytes, and at most 8388608 are read"),
            "{error}"
        );
    }

    #[cfg(not(feature = "hub"))]
    #[test]
    fn addresses_need_their_feature() {
        let error = read::<Value>("hf://datasets/o/n/f.jsonl").unwrap_err().to_string();
        assert!(error.starts_with("`hf://datasets/o/n/f.jsonl`: this program was built without"), "{error}");
    }

    #[cfg(not(feature = "parquet"))]
    #[test]
    fn parquet_needs_its_feature() {
        let error = rows(b"PAR1...").unwrap_err().to_string();
        assert!(
            error.contains("is Parquet, and this program was built without the feature `parquet`"),
            "{error}"
        );
    }
}
