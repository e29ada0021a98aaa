//! One process at a time writes to a place.

use std::{
    fs::{self, File, TryLockError},
    io::{self, Read, Write},
    path::{Path, PathBuf},
    process,
};

use crate::{
    RunError, atomic,
    error::{reading, writing},
};

/// The right to write to a place, kept until it is dropped or the process ends, however it ends.
///
/// It is a lock of the system on a hidden file, which is deleted with it. Where the file system has no locks, none is
/// taken.
///
/// # Examples
/// ```
/// use r1_run::{Lock, RunError};
///
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("traces.jsonl");
/// let lock = Lock::beside(&path)?;
/// assert!(matches!(Lock::beside(&path), Err(RunError::Locked { .. })));
/// drop(lock);
/// assert!(Lock::beside(&path).is_ok());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Lock {
    /// Where the lock is, and the file that holds it.
    path: PathBuf,
    _file: File,
}

impl Lock {
    /// Locks a file, or a folder that appears whole, by `.NAME.lock` beside it.
    ///
    /// # Errors
    /// [`RunError::Locked`] when another process has it; [`RunError::Write`] when the hidden file cannot be made.
    pub fn beside(target: impl AsRef<Path>) -> Result<Self, RunError> {
        let target = target.as_ref();
        Self::take(target, atomic::sibling(target, "lock")?)
    }

    /// Locks a run's folder by `.lock` inside it, and makes the folder when it is missing.
    ///
    /// # Errors
    /// As [`beside`](Self::beside).
    pub fn inside(dir: impl AsRef<Path>) -> Result<Self, RunError> {
        let dir = dir.as_ref();
        fs::create_dir_all(dir).map_err(writing(dir))?;
        Self::take(dir, dir.join(".lock"))
    }

    fn take(target: &Path, path: PathBuf) -> Result<Self, RunError> {
        loop {
            let options = File::options().create(true).truncate(false).read(true).write(true).open(&path);
            let mut file = options.map_err(writing(&path))?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => {
                    let mut holder = String::new();
                    let _ = file.read_to_string(&mut holder);
                    let process = holder.trim().parse().ok();
                    return Err(RunError::Locked { path: target.to_owned(), process });
                }
                Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => {}
                Err(TryLockError::Error(source)) => return Err(RunError::Write { path, source }),
            }
            // Its last owner may have deleted it between our opening and our locking.
            if is_at(&file, &path)? {
                file.set_len(0).and_then(|()| write!(file, "{}", process::id())).map_err(writing(&path))?;
                return Ok(Self { path, _file: file });
            }
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Before the lock goes, so that nobody deletes the file of the next owner. One that stays does no harm.
        let _ = fs::remove_file(&self.path);
    }
}

#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> Result<bool, RunError> {
    use std::os::unix::fs::MetadataExt;
    let ours = file.metadata().map_err(reading(path))?;
    match fs::metadata(path) {
        Ok(there) => Ok((ours.dev(), ours.ino()) == (there.dev(), there.ino())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(source) => Err(RunError::Read { path: path.to_owned(), source }),
    }
}

#[cfg(not(unix))]
fn is_at(_: &File, path: &Path) -> Result<bool, RunError> {
    path.try_exists().map_err(reading(path))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn the_second_is_told_who_has_it() {
        let dir = tempfile::tempdir().unwrap();
        let run = dir.path().join("runs/a");
        let lock = Lock::inside(&run).unwrap();
        let error = Lock::inside(&run).unwrap_err().to_string();
        assert!(error.contains(&format!("another r1 process ({})", process::id())), "{error}");
        assert!(error.ends_with("wait for it, or choose another --out"), "{error}");
        drop(lock);
        assert_eq!(fs::read_dir(&run).unwrap().count(), 0);
        // What a killed process left is no lock.
        fs::write(run.join(".lock"), "1").unwrap();
        Lock::inside(&run).unwrap();
    }

    #[test]
    fn never_two_have_it_at_a_time() {
        let dir = tempfile::tempdir().unwrap();
        let (path, holders) = (dir.path().join("a.json"), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..500 {
                        if let Ok(_lock) = Lock::beside(&path) {
                            assert_eq!(holders.fetch_add(1, Ordering::SeqCst), 0);
                            holders.fetch_sub(1, Ordering::SeqCst);
                        }
                    }
                });
            }
        });
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    }
}
