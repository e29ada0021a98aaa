//! Opens a data file and tells by its first bytes what it holds.

use std::{
    fs::{self, File, FileType},
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
};

use flate2::bufread::MultiGzDecoder;

use super::place::{Place, Unit};
use crate::DataError;

/// The reader of a file, decompressed.
pub(super) type Reader = Box<dyn BufRead>;

/// The layout of bytes in a file.
pub(super) enum Container {
    /// One JSON object a line.
    Lines(Reader),
    /// One JSON array of objects.
    Array(Reader),
    /// Comma- or tab-separated values with a header.
    Table(Reader),
    /// Parquet, which is read at random places.
    Parquet,
}

/// Opens a file. Gzip is undone; the name decides for CSV alone, which has no mark of its own.
pub(super) fn open(path: &Path) -> Result<(Place, Container), DataError> {
    let path = local(path)?;
    let mut place = Place { path, unit: Unit::Line };
    let cannot = |source| DataError::Read { path: place.path.clone(), source };
    refuse_endless(&place)?;
    let file = File::open(&place.path).map_err(cannot)?;
    let mut reader = BufReader::with_capacity(1 << 16, file);
    let start = reader.fill_buf().map_err(cannot)?;
    if start.starts_with(b"PAR1") {
        place.unit = Unit::Row;
        return Ok((place, Container::Parquet));
    }
    let mut reader: Reader = if start.starts_with(&[0x1f, 0x8b]) {
        Box::new(BufReader::with_capacity(1 << 16, MultiGzDecoder::new(reader)))
    } else {
        Box::new(reader)
    };
    let start = reader.fill_buf().map_err(cannot)?;
    if let Some(reason) = foreign(start) {
        return Err(place.whole(reason.into()));
    }
    let text = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start).trim_ascii_start();
    let container = if is_table(&place.path) {
        Container::Table(reader)
    } else if text.starts_with(b"[") {
        place.unit = Unit::Row;
        Container::Array(reader)
    } else {
        Container::Lines(reader)
    };
    Ok((place, container))
}

/// Formats that are recognised and not read.
fn foreign(start: &[u8]) -> Option<&'static str> {
    Some(match start {
        [0x28, 0xb5, 0x2f, 0xfd, ..] => "is compressed with zstd; decompress it, or compress it with gzip",
        [0xfd, b'7', b'z', b'X', b'Z', ..] => {
            "is compressed with xz; decompress it, or compress it with gzip"
        }
        [b'B', b'Z', b'h', ..] => "is compressed with bzip2; decompress it, or compress it with gzip",
        [b'P', b'K', 3, 4, ..] => "is a zip archive; unpack it and name the file inside",
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => "is UTF-16; save it as UTF-8",
        [b'A', b'R', b'R', b'O', b'W', b'1', ..] => "is an Arrow file; save it as Parquet or JSON lines",
        _ => return None,
    })
}

/// True for names that end with `.csv` or `.tsv`, with `.gz` behind or without.
fn is_table(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    let name = name.strip_suffix(".gz").unwrap_or(&name);
    name.ends_with(".csv") || name.ends_with(".tsv")
}

/// Refuses what would block or never end: a named pipe waits for its writer, a device has no end. A pipe
/// that is open already, `/dev/stdin` or a shell's `<(..)`, can be read.
fn refuse_endless(place: &Place) -> Result<(), DataError> {
    // What is not there is named when it is opened.
    let Ok(kind) = fs::metadata(&place.path).map(|data| data.file_type()) else { return Ok(()) };
    let reason = match endless(kind) {
        Some("a named pipe") if is_open_already(&place.path) => return Ok(()),
        Some(what) => format!("is {what}, not a file; write the data to a file and name that"),
        None => return Ok(()),
    };
    Err(place.whole(reason))
}

#[cfg(unix)]
fn endless(kind: FileType) -> Option<&'static str> {
    use std::os::unix::fs::FileTypeExt;
    if kind.is_fifo() {
        Some("a named pipe")
    } else if kind.is_char_device() || kind.is_block_device() {
        Some("a device or a terminal")
    } else if kind.is_socket() {
        Some("a socket")
    } else {
        None
    }
}

#[cfg(not(unix))]
fn endless(_: FileType) -> Option<&'static str> {
    None
}

fn is_open_already(path: &Path) -> bool {
    let folder = |path: &Path| path.starts_with("/dev/fd") || path.starts_with("/proc");
    folder(path) || fs::read_link(path).is_ok_and(|target| folder(&target))
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
            reason: "this program was built without the feature `hub`; build it with `--features hub`, or \
                     download the file and name it"
                .into(),
        }),
    }
}
