//! Append-only files of JSON lines.

use std::{
    fs::{self, File, OpenOptions},
    io::{Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use serde::Serialize;
use serde_json::{Map, Value};

use crate::{
    RunError,
    error::{reading, writing},
    finite::{self, Trouble},
};

/// A file that grows by one JSON object a line, and can be cut back to where a line ended.
///
/// # Examples
/// ```
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("a.jsonl");
/// use r1_run::Lines;
///
/// let mut lines = Lines::open(&path)?;
/// lines.append(&serde_json::json!({"step": 1}))?;
/// let position = lines.length();
/// lines.append(&serde_json::json!({"step": 2}))?;
/// lines.cut(position)?;
/// assert_eq!(std::fs::read_to_string(&path)?, "{\"step\":1}\n");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Lines {
    path: PathBuf,
    file: File,
    length: u64,
}

impl Lines {
    /// Opens the file for appending, creating it when it is missing.
    ///
    /// # Errors
    /// [`RunError::Write`] when it cannot be opened.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, RunError> {
        let path = path.into();
        let file =
            OpenOptions::new().create(true).read(true).append(true).open(&path).map_err(writing(&path))?;
        let length = file.metadata().map_err(reading(&path))?.len();
        Ok(Self { path, file, length })
    }

    /// The number of bytes so far: where the next line begins.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Appends one line with one write; when that fails, the file is as before.
    ///
    /// # Errors
    /// [`RunError::Write`] when it cannot be written; [`RunError::NonFinite`], [`RunError::NotAnObject`] and
    /// [`RunError::Serialise`] when the value is no line.
    pub fn append<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), RunError> {
        let line = self.line(value)?;
        self.write(&line)
    }

    /// Appends one line for each value with one write; when that fails, the file is as before.
    ///
    /// # Errors
    /// As [`append`](Self::append).
    pub fn append_all<T: Serialize>(&mut self, values: &[T]) -> Result<(), RunError> {
        let mut text = Vec::new();
        for value in values {
            text.extend(self.line(value)?);
        }
        self.write(&text)
    }

    /// Forces what was appended to the disk.
    ///
    /// # Errors
    /// [`RunError::Write`] when the disk refuses.
    pub fn sync(&self) -> Result<(), RunError> {
        self.file.sync_data().map_err(writing(&self.path))
    }

    /// Refuses a `position` at which no line ends.
    pub(crate) fn check(&mut self, position: u64) -> Result<(), RunError> {
        if self.ends_a_line(position)? {
            return Ok(());
        }
        Err(RunError::Position { path: self.path.clone(), position, length: self.length })
    }

    /// Cuts the file back to `position`, which must be the end of a line.
    ///
    /// # Errors
    /// [`RunError::Position`] when no line ends there; [`RunError::Write`] when the file cannot be cut.
    pub fn cut(&mut self, position: u64) -> Result<(), RunError> {
        self.check(position)?;
        self.set_length(position)
    }

    /// Cuts away a last line that was not finished.
    ///
    /// # Errors
    /// [`RunError::Read`] and [`RunError::Write`].
    pub fn cut_torn_line(&mut self) -> Result<(), RunError> {
        let bytes = fs::read(&self.path).map_err(reading(&self.path))?;
        let end = bytes.iter().rposition(|&byte| byte == b'\n').map_or(0, |last| last + 1);
        self.set_length(end as u64)
    }

    fn set_length(&mut self, length: u64) -> Result<(), RunError> {
        if length != self.length {
            self.file.set_len(length).and_then(|()| self.file.sync_all()).map_err(writing(&self.path))?;
            self.length = length;
        }
        Ok(())
    }

    fn ends_a_line(&mut self, position: u64) -> Result<bool, RunError> {
        if position == 0 || position > self.length {
            return Ok(position == 0);
        }
        let mut last = [0];
        self.file
            .seek(SeekFrom::Start(position - 1))
            .and_then(|_| self.file.read_exact(&mut last))
            .map_err(reading(&self.path))?;
        Ok(last == *b"\n")
    }

    fn line<T: Serialize + ?Sized>(&self, value: &T) -> Result<Vec<u8>, RunError> {
        let path = || self.path.clone();
        if let Err(Trouble::NonFinite { field, value }) = finite::check(value) {
            return Err(RunError::NonFinite { path: path(), field, value });
        }
        let mut line =
            serde_json::to_vec(value).map_err(|source| RunError::Serialise { path: path(), source })?;
        if line.first() != Some(&b'{') {
            let found = String::from_utf8_lossy(&line).chars().take(40).collect();
            return Err(RunError::NotAnObject { path: path(), found });
        }
        line.push(b'\n');
        Ok(line)
    }

    fn write(&mut self, text: &[u8]) -> Result<(), RunError> {
        if let Err(source) = self.file.write_all(text) {
            // A full disk may have taken part of the line; what fitted must not stay.
            let _ = self.file.set_len(self.length);
            return Err(RunError::Write { path: self.path.clone(), source });
        }
        self.length += text.len() as u64;
        Ok(())
    }
}

/// Reads a file of JSON lines, for example a run's `metrics.jsonl` while the run goes on.
///
/// A last line without a line feed is still being written and is left out.
///
/// # Errors
/// [`RunError::Read`] when the file cannot be read, [`RunError::Line`] for a line that is not a JSON
/// object.
pub fn read_lines(path: &Path) -> Result<Vec<Map<String, Value>>, RunError> {
    let bytes = fs::read(path).map_err(reading(path))?;
    bytes
        .split_inclusive(|&byte| byte == b'\n')
        .enumerate()
        .filter(|(_, line)| line.ends_with(b"\n") && !line.trim_ascii().is_empty())
        .map(|(index, line)| {
            serde_json::from_slice(line).map_err(|source| RunError::Line {
                path: path.to_owned(),
                line: index + 1,
                source,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn lines_are_read_back_and_a_torn_one_is_left_out() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.jsonl");
        fs::write(&path, "{\"step\":1}\n\n{\"step\":2}\n{\"st").unwrap();
        let steps: Vec<_> = read_lines(&path).unwrap().iter().map(|line| line["step"].clone()).collect();
        assert_eq!(steps, [json!(1), json!(2)]);
    }

    #[test]
    fn a_bad_line_is_named_by_number() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.jsonl");
        fs::write(&path, "{\"step\":1}\n[2]\n").unwrap();
        let error = read_lines(&path).unwrap_err().to_string();
        assert!(error.ends_with("line 2 is not a JSON object"), "{error}");
    }

    #[test]
    fn only_objects_become_lines() {
        let dir = tempfile::tempdir().unwrap();
        let mut lines = Lines::open(dir.path().join("a.jsonl")).unwrap();
        assert!(
            matches!(lines.append(&[1, 2]), Err(RunError::NotAnObject { found, .. }) if found == "[1,2]")
        );
        assert!(lines.append_all(&[json!({"a": 1}), json!(3)]).is_err());
        assert_eq!(lines.length(), 0);
    }
}
