//! Where results go: the file, device or pipe behind a path.
//!
//! A path may be a symbolic link, a device such as `/dev/full`, a named pipe or one of the names of standard output.
//! Writing follows it to what is meant; only a regular file is ever replaced, and never the link or device itself.

mod destination;
mod special;

use std::{
    fs::{self, File},
    io::{self, Write},
    path::Path,
};

use crate::{RunError, atomic, error::writing};

use destination::Destination;

/// A place for results that was found to be writable before the work began.
///
/// # Examples
/// ```
/// use r1_run::Output;
///
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("report.json");
/// let output = Output::open(&path)?;
/// // Hours later:
/// output.write(b"{}\n")?;
/// assert_eq!(std::fs::read(&path)?, b"{}\n");
/// assert!(Output::open(folder.path().join("no/such/report.json")).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Output {
    destination: Destination,
    /// The open device or pipe; kept, because a pipe's reader stops when its last writer closes.
    special: Option<File>,
}

impl Output {
    /// Follows a path and tries whether it can be written.
    ///
    /// A file's folder is tried with a hidden file, and the file itself is not touched; a pipe must have a reader. A
    /// device that takes no bytes, such as `/dev/full`, cannot be known before.
    ///
    /// # Errors
    /// [`RunError::Destination`] with what is wrong and what to do, [`RunError::Read`] and [`RunError::Write`] when
    /// the system refuses.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, RunError> {
        let destination = Destination::of(path.as_ref())?;
        let special = match &destination {
            Destination::File(path) => {
                check_file(path)?;
                None
            }
            Destination::Special(path) => Some(special::open(path)?),
            Destination::StandardOutput | Destination::StandardError => None,
        };
        Ok(Self { destination, special })
    }

    /// The regular file behind all links, there already or not yet; `None` for devices, pipes and standard streams.
    pub fn file(&self) -> Option<&Path> {
        match &self.destination {
            Destination::File(path) => Some(path),
            _ => None,
        }
    }

    /// True for standard output by one of its names.
    pub fn is_standard_output(&self) -> bool {
        self.destination == Destination::StandardOutput
    }

    /// Writes everything: a file in one step, so that it is whole or as before; anything else straight through.
    ///
    /// # Errors
    /// [`RunError::Write`] with the path that failed.
    pub fn write(&self, contents: &[u8]) -> Result<(), RunError> {
        let through = |stream: &mut dyn Write, name: &Path| {
            stream.write_all(contents).and_then(|()| stream.flush()).map_err(writing(name))
        };
        match (&self.destination, &self.special) {
            (Destination::File(path), _) => atomic::replace_file(path, contents),
            (Destination::Special(path), Some(file)) => through(&mut &*file, path),
            (Destination::Special(path), None) => through(&mut special::open(path)?, path),
            (Destination::StandardOutput, _) => through(&mut io::stdout().lock(), Path::new("/dev/stdout")),
            (Destination::StandardError, _) => through(&mut io::stderr().lock(), Path::new("/dev/stderr")),
        }
    }
}

fn check_file(path: &Path) -> Result<(), RunError> {
    let refuse = |reason: String| Err(RunError::Destination { path: path.to_owned(), reason });
    let parent = atomic::parent(path);
    if !parent.is_dir() {
        return refuse(format!("the folder `{}` does not exist; make it first", parent.display()));
    }
    if path.is_dir() || path.file_name().is_none() {
        return refuse("it is a folder; give a file".into());
    }
    let probe = atomic::temporary(path)?;
    File::create(&probe).map_err(writing(path))?;
    fs::remove_file(&probe).map_err(writing(&probe))
}

#[cfg(test)]
mod tests;
