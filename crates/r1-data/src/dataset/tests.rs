use std::{fs, path::PathBuf};

use super::*;
use crate::DataError;
use r1_core::Problem;

/// A file with this content.
pub(crate) fn file(content: impl AsRef<[u8]>) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(&file, content).unwrap();
    file
}

/// What a reader of problems says about a file that it refuses.
pub(crate) fn error(load: impl FnOnce(PathBuf) -> Result<Vec<Problem>, DataError>, content: &str) -> String {
    let file = file(content);
    load(file.path().to_owned()).unwrap_err().to_string()
}

/// What a reader of anything else says about a file that it refuses.
pub(crate) fn error_of<T: std::fmt::Debug>(
    load: impl FnOnce(PathBuf) -> Result<Vec<T>, DataError>,
    content: &str,
) -> String {
    let file = file(content);
    load(file.path().to_owned()).unwrap_err().to_string()
}

#[test]
fn formats_have_the_names_of_their_files() {
    for format in Format::ALL {
        assert_eq!(format.to_string().parse::<Format>().unwrap(), format);
        assert_eq!(serde_json::to_value(format).unwrap(), format.name());
    }
    let error = "zzz".parse::<Format>().unwrap_err().to_string();
    let names = Format::ALL.map(Format::name).join(", ");
    assert_eq!(error, format!("`zzz` is no format of problems; expected {names}"));
    for format in TraceFormat::ALL {
        assert_eq!(format.to_string().parse::<TraceFormat>().unwrap(), format);
        assert_eq!(serde_json::to_value(format).unwrap(), format.name());
    }
    let error = "zzz".parse::<TraceFormat>().unwrap_err().to_string();
    let names = TraceFormat::ALL.map(TraceFormat::name).join(", ");
    assert_eq!(error, format!("`zzz` is no format of traces; expected {names}"));
}

#[test]
fn every_format_refuses_what_is_not_its_own() {
    for format in Format::ALL {
        let text = error(|path| format.load(path), "{}\n");
        assert!(text.contains("line 1: "), "{format}: {text}");
        let text = error(|path| format.load(path), "\n3\n");
        assert!(text.contains("line 2: "), "{format}: {text}");
    }
    for format in TraceFormat::ALL {
        let text = error_of(|path| format.load(path), "{}\n");
        assert!(text.contains("line 1: "), "{format}: {text}");
        let text = error_of(|path| format.load(path), "\n3\n");
        assert!(text.contains("line 2: "), "{format}: {text}");
    }
}
