//! What a path leads to.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use crate::{
    RunError, atomic,
    error::{reading, writing},
};

/// As many links as Linux follows, too.
const MAX_LINKS: usize = 40;

/// What a path leads to, behind all symbolic links.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Destination {
    /// A regular file, there already or not yet. A folder is named here, too, and refused by the check.
    File(PathBuf),
    /// A device, a pipe or an open file of this process: written through, never replaced.
    Special(PathBuf),
    /// Standard output, by one of its names.
    StandardOutput,
    /// Standard error, by one of its names.
    StandardError,
}

impl Destination {
    /// Follows a path.
    pub(super) fn of(path: &Path) -> Result<Self, RunError> {
        let mut path = path.to_owned();
        for _ in 0..MAX_LINKS {
            match path.to_str() {
                Some("/dev/stdout" | "/dev/fd/1" | "/proc/self/fd/1") => return Ok(Self::StandardOutput),
                Some("/dev/stderr" | "/dev/fd/2" | "/proc/self/fd/2") => return Ok(Self::StandardError),
                _ if path.starts_with("/proc") || path.starts_with("/dev/fd") => {
                    return Ok(Self::Special(path));
                }
                _ => {}
            }
            match fs::symlink_metadata(&path) {
                Ok(about) if about.is_symlink() => {
                    let next = fs::read_link(&path).map_err(reading(&path))?;
                    path = atomic::parent(&path).join(next);
                }
                Ok(about) if about.is_file() || about.is_dir() => return Ok(Self::File(path)),
                Ok(_) => return Ok(Self::Special(path)),
                // Not there yet, or not to be reached, which writing will say.
                Err(_) => return Ok(Self::File(path)),
            }
        }
        let circle = io::Error::other("its symbolic links lead in a circle");
        Err(writing(path)(circle))
    }
}
