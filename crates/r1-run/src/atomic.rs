//! Files and folders that are whole or not there.
//!
//! Everything is written under a temporary name beside its target, forced to the disk and renamed.
//! A reader never sees half a file, and a process that is killed loses at most what it was writing.

use std::{
    ffi::OsString,
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
    process,
    sync::atomic::{AtomicU64, Ordering},
};

use crate::{
    RunError,
    error::{reading, writing},
};

/// Writes a file, or replaces it, in one step.
///
/// # Errors
/// [`RunError::Write`] with the path that failed; the old file is then still there.
///
/// # Examples
/// ```
/// # let folder = tempfile::tempdir()?;
/// let path = folder.path().join("config.json");
/// r1_run::atomic::write_file(&path, b"{}")?;
/// assert_eq!(std::fs::read(&path)?, b"{}");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn write_file(path: &Path, contents: &[u8]) -> Result<(), RunError> {
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    let number = COUNTER.fetch_add(1, Ordering::Relaxed);
    let temporary = sibling(path, &format!("{}-{number}.tmp", process::id()))?;
    let written = File::create(&temporary)
        .and_then(|mut file| {
            file.write_all(contents)?;
            file.sync_all()
        })
        .map_err(writing(&temporary))
        .and_then(|()| fs::rename(&temporary, path).map_err(writing(path)));
    if written.is_err() {
        // The temporary file is of no use to anybody; the first error is the one to tell.
        let _ = fs::remove_file(&temporary);
        return written;
    }
    sync_folder(parent(path))
}

/// Fills a folder under a temporary name, then puts it in the place of `target`.
///
/// `fill` gets the temporary folder's path. Its files and folders are forced to the disk before the
/// renaming. A `target` that was there is first moved to `.NAME.old`, so there is a moment with no
/// `target`; a reader of a folder whose writer may have been killed calls [`recover_folder`] first.
/// One process at a time may write a given `target`.
///
/// # Errors
/// Whatever `fill` returns, or [`RunError::Write`] with the path that failed. The old folder is then
/// still in its place.
///
/// # Examples
/// ```
/// # use r1_run::{RunError, atomic};
/// # let folder = tempfile::tempdir()?;
/// let checkpoint = folder.path().join("checkpoint");
/// atomic::write_folder(&checkpoint, |dir| atomic::write_file(&dir.join("step"), b"7"))?;
/// assert_eq!(std::fs::read(checkpoint.join("step"))?, b"7");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn write_folder<E: From<RunError>>(
    target: &Path,
    fill: impl FnOnce(&Path) -> Result<(), E>,
) -> Result<(), E> {
    recover_folder(target)?;
    let new = sibling(target, "new")?;
    remove_folder(&new)?;
    fs::create_dir_all(&new).map_err(writing(&new))?;
    let written = fill(&new).and_then(|()| Ok(sync_tree(&new)?)).and_then(|()| Ok(replace(target, &new)?));
    if written.is_err() {
        let _ = fs::remove_dir_all(&new);
    }
    written
}

/// Finishes what a killed [`write_folder`] had begun, so that `target` is there if it ever was.
///
/// When the old folder had been moved away and the new one was not yet in its place, the new one
/// (which was complete and on the disk by then) takes it. Half-written folders are deleted.
///
/// # Errors
/// [`RunError::Write`] with the path that could not be renamed or deleted.
pub fn recover_folder(target: &Path) -> Result<(), RunError> {
    let (new, old) = (sibling(target, "new")?, sibling(target, "old")?);
    if !exists(&old)? {
        return Ok(());
    }
    if !exists(target)? {
        let complete = if exists(&new)? { &new } else { &old };
        fs::rename(complete, target).map_err(writing(target))?;
        sync_folder(parent(target))?;
    }
    remove_folder(&old)
}

/// Moves the old folder aside, the new one in, and back again if that fails.
fn replace(target: &Path, new: &Path) -> Result<(), RunError> {
    let old = sibling(target, "old")?;
    let replaces = exists(target)?;
    if replaces {
        fs::rename(target, &old).map_err(writing(&old))?;
    }
    if let Err(source) = fs::rename(new, target) {
        if replaces {
            fs::rename(&old, target).map_err(writing(target))?;
        }
        return Err(RunError::Write { path: target.to_owned(), source });
    }
    sync_folder(parent(target))?;
    if replaces { remove_folder(&old) } else { Ok(()) }
}

/// The path of `.NAME.SUFFIX` beside `path`.
fn sibling(path: &Path, suffix: &str) -> Result<PathBuf, RunError> {
    let name = path.file_name().ok_or_else(|| RunError::Unnamed { path: path.to_owned() })?;
    let mut hidden = OsString::from(".");
    hidden.push(name);
    hidden.push(".");
    hidden.push(suffix);
    Ok(path.with_file_name(hidden))
}

fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

fn exists(path: &Path) -> Result<bool, RunError> {
    path.try_exists().map_err(reading(path))
}

fn remove_folder(path: &Path) -> Result<(), RunError> {
    if exists(path)? { fs::remove_dir_all(path).map_err(writing(path)) } else { Ok(()) }
}

/// Forces every file and folder below `dir`, and `dir` itself, to the disk.
fn sync_tree(dir: &Path) -> Result<(), RunError> {
    for entry in fs::read_dir(dir).map_err(reading(dir))? {
        let entry = entry.map_err(reading(dir))?;
        let path = entry.path();
        let kind = entry.file_type().map_err(reading(&path))?;
        if kind.is_dir() {
            sync_tree(&path)?;
        } else if kind.is_file() {
            File::open(&path).and_then(|file| file.sync_all()).map_err(writing(&path))?;
        }
    }
    sync_folder(dir)
}

/// Forces a folder's list of names to the disk; systems other than Unix have no call for it.
fn sync_folder(dir: &Path) -> Result<(), RunError> {
    if cfg!(unix) {
        File::open(dir).and_then(|folder| folder.sync_all()).map_err(writing(dir))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
