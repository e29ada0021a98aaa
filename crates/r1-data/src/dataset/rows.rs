//! Rows of a file, whatever it is: JSON lines, the same compressed with gzip, or Parquet.
//!
//! What a file is, its first bytes say and not its name. A row of Parquet is the JSON object that the same
//! data have as a line, so every layout reads all of them.

use std::{
    collections::HashMap,
    fs::File,
    io::{self, BufRead, BufReader},
    path::{Path, PathBuf},
};

use flate2::bufread::MultiGzDecoder;
use serde::de::DeserializeOwned;

use super::jsonl::Lines;
use crate::DataError;
use r1_core::{Problem, Trace};

/// One row of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record<T> {
    /// Its line or row, counted from 1.
    pub row: usize,
    /// What it holds.
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

/// Where rows come from, for errors that name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) path: PathBuf,
    pub(crate) parquet: bool,
}

impl Place {
    /// What is wrong with a row.
    pub(crate) fn error(&self, row: usize, reason: String) -> DataError {
        let path = self.path.clone();
        if self.parquet {
            DataError::Row { path, row, reason }
        } else {
            DataError::Line { path, line: row, reason }
        }
    }

    pub(crate) fn cannot_read(&self, source: io::Error) -> DataError {
        DataError::Read { path: self.path.clone(), source }
    }
}

/// Opens a file of JSON lines, of JSON lines under gzip, or of Parquet (with the feature `parquet`). With the
/// feature `hub` a path can also be an address of the Hugging Face Hub, `hf://datasets/OWNER/NAME/FILE`.
///
/// # Errors
/// [`DataError::Hub`] when such a file cannot be had,
/// [`DataError::Read`] when it cannot be opened, and [`DataError::Parquet`] when it is Parquet and damaged,
/// or the feature is off. Each row is an error of its own when it does not hold a `T`: [`DataError::Line`] or
/// [`DataError::Row`].
pub fn read<T: DeserializeOwned + 'static>(path: impl AsRef<Path>) -> Result<Rows<T>, DataError> {
    let path = local(path.as_ref())?;
    let mut place = Place { path, parquet: false };
    let file = File::open(&place.path).map_err(|source| place.cannot_read(source))?;
    let mut reader = BufReader::with_capacity(1 << 16, file);
    let start = reader.fill_buf().map_err(|source| place.cannot_read(source))?;
    let records: Records<T> = if start.starts_with(b"PAR1") {
        place.parquet = true;
        open_parquet(place.clone())?
    } else if start.starts_with(&[0x1f, 0x8b]) {
        Box::new(Lines::new(place.clone(), BufReader::new(MultiGzDecoder::new(reader))))
    } else {
        Box::new(Lines::new(place.clone(), reader))
    };
    Ok(Rows { place, records })
}

/// The file on this machine.
fn local(path: &Path) -> Result<PathBuf, DataError> {
    match path.to_str().filter(|text| text.starts_with("hf://")) {
        None => Ok(path.to_owned()),
        #[cfg(feature = "hub")]
        Some(address) => super::hub::Hub::from_env().fetch(address),
        #[cfg(not(feature = "hub"))]
        Some(address) => Err(DataError::Hub {
            address: address.to_owned(),
            reason: "this program was built without the feature `hub`; build it with, or download the file"
                .into(),
        }),
    }
}

#[cfg(feature = "parquet")]
fn open_parquet<T: DeserializeOwned + 'static>(place: Place) -> Result<Records<T>, DataError> {
    Ok(Box::new(super::parquet::ParquetRows::open(place)?))
}

#[cfg(not(feature = "parquet"))]
fn open_parquet<T>(place: Place) -> Result<Records<T>, DataError> {
    let reason = "this program was built without the feature `parquet`; build it with, or convert the file to \
                  JSON lines";
    Err(DataError::Parquet { path: place.path, reason: reason.into() })
}

/// Reads every row and makes things of it, with an id each; `make` gets the number of the record, from 1,
/// and says what is wrong with a record that is none.
fn items<T: DeserializeOwned + 'static, R>(
    path: &Path,
    mut make: impl FnMut(usize, T) -> Result<Vec<R>, String>,
    mut accept: impl FnMut(&Place, usize, &mut R) -> Result<String, String>,
) -> Result<Vec<R>, DataError> {
    let rows = read(path)?;
    let place = rows.place.clone();
    let unit = if place.parquet { "row" } else { "line" };
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

/// Makes one problem of every row.
pub(super) fn problems<T: DeserializeOwned + 'static>(
    path: &Path,
    mut make: impl FnMut(usize, T) -> Result<Problem, String>,
) -> Result<Vec<Problem>, DataError> {
    let one = |number, value| Ok(vec![make(number, value)?]);
    items(path, one, |_, _, problem: &mut Problem| Ok(problem.id.clone()))
}

/// Makes traces of every row, none of some, and notes in the provenance of each which `file` and `row` it is
/// from, unless it says so already.
pub(crate) fn traces<T: DeserializeOwned + 'static>(
    path: &Path,
    make: impl FnMut(usize, T) -> Result<Vec<Trace>, String>,
) -> Result<Vec<Trace>, DataError> {
    items(path, make, |place, row, trace: &mut Trace| {
        trace.check()?;
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
        assert!(error.contains("built without the feature `parquet`"), "{error}");
    }
}
