//! Files and folders that are whole or not there.
//!
//! Everything is written under a temporary name beside its target, forced to the disk and renamed.
//! A reader never sees half a file, and a process that is killed loses at most what it was writing.

use std::{
    ffi::OsString,
    fs::{self, File, Permissions},
    io::{self, Write},
    path::{Path, PathBuf},
    process,
    sync::atomic::{AtomicU64, Ordering},
};

use crate::{
    Output, RunError,
    error::{reading, writing},
    manifest::{self, Owner},
};

/// Writes a file, or replaces it, in one step. Links are followed, and devices and pipes written through, as by
/// [`Output`].
///
/// # Errors
/// Those of [`Output::open`], and [`RunError::Write`] with the path that failed; the old file is then still there.
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
    Output::open(path)?.write(contents)
}

/// Writes a regular file, or replaces it with its permissions, in one step.
pub(crate) fn replace_file(path: &Path, contents: &[u8]) -> Result<(), RunError> {
    let temporary = temporary(path)?;
    let written = File::create(&temporary)
        .and_then(|mut file| {
            file.write_all(contents)?;
            if let Ok(old) = fs::metadata(path) {
                file.set_permissions(old.permissions())?;
            }
            file.sync_all()
        })
        .map_err(writing(path))
        .and_then(|()| fs::rename(&temporary, path).map_err(writing(path)));
    if written.is_err() {
        // The temporary file is of no use to anybody; the first error is the one to tell.
        let _ = fs::remove_file(&temporary);
        return written;
    }
    sync_folder(parent(path))
}

/// A name beside `path` that nobody else uses.
pub(crate) fn temporary(path: &Path) -> Result<PathBuf, RunError> {
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    let number = COUNTER.fetch_add(1, Ordering::Relaxed);
    sibling(path, &format!("{}-{number}.tmp", process::id()))
}

/// Fills a folder under a temporary name, then puts it in the place of `target`.
///
/// `fill` gets the temporary folder's path. Its files and folders are forced to the disk before the
/// renaming. A `target` that was there is first moved to `.NAME.old`, so there is a moment with no
/// `target`; a reader of a folder whose writer may have been killed calls [`recover_folder`] first.
/// One process at a time may write a given `target`.
///
/// The folder gets a list of its files, `.r1-manifest.json`. Only what has such a list, and nothing that does not stand
/// in it, is ever replaced; so is an empty folder. A `target` that is a link is followed. Files get at least the
/// permissions that the process gives to new ones.
///
/// # Errors
/// Whatever `fill` returns, [`RunError::NotOurs`] for a `target` that holds anything else, or [`RunError::Write`] with
/// the path that failed. The old folder is then still in its place.
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
    let target = &followed(target)?;
    recover_folder(target)?;
    check_ours(target)?;
    let new = sibling(target, "new")?;
    manifest::remove(&new)?;
    fs::create_dir_all(&new).map_err(writing(&new))?;
    let written = manifest::begin(&new)
        .map_err(E::from)
        .and_then(|()| fill(&new))
        .and_then(|()| Ok(manifest::complete(&new, None)?))
        .and_then(|()| Ok(finish_tree(&new, &permissions_of_new(&new)?)?))
        .and_then(|()| Ok(replace(target, &new)?));
    if written.is_err() {
        let _ = fs::remove_dir_all(&new);
    }
    written
}

/// Tells before the work whether [`write_folder`] may write `target`.
///
/// A folder that holds anything that r1 did not write is never replaced; one that r1 wrote only with `overwrite`.
///
/// # Errors
/// [`RunError::NotOurs`] and [`RunError::Written`], which name the way out; [`RunError::Read`] and
/// [`RunError::Write`] when the system refuses.
pub fn check_folder(target: &Path, overwrite: bool) -> Result<(), RunError> {
    let target = &followed(target)?;
    recover_folder(target)?;
    if check_ours(target)? && !overwrite {
        return Err(RunError::Written { path: target.to_owned() });
    }
    let parent = parent(target);
    fs::create_dir_all(parent).map_err(writing(parent))?;
    let probe = temporary(target)?;
    File::create(&probe).map_err(writing(target))?;
    fs::remove_file(&probe).map_err(writing(&probe))
}

/// Whether there is something of ours; an error when there is something of somebody else.
fn check_ours(target: &Path) -> Result<bool, RunError> {
    match manifest::owner(target)? {
        Owner::Nobody => Ok(false),
        Owner::Us => Ok(true),
        Owner::Other(stray) => Err(RunError::NotOurs { path: target.to_owned(), stray }),
    }
}

/// The folder behind a link.
fn followed(target: &Path) -> Result<PathBuf, RunError> {
    if target.is_symlink() { target.canonicalize().map_err(reading(target)) } else { Ok(target.to_owned()) }
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
    // What somebody else called so is not ours to move.
    if !exists(&old)? || matches!(manifest::owner(&old)?, Owner::Other(_)) {
        return Ok(());
    }
    if !exists(target)? {
        let complete = if manifest::owner(&new)? == Owner::Us { &new } else { &old };
        fs::rename(complete, target).map_err(writing(target))?;
        sync_folder(parent(target))?;
    }
    manifest::remove(&old)
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
    if replaces { manifest::remove(&old) } else { Ok(()) }
}

/// The path of `.NAME.SUFFIX` beside `path`.
pub(crate) fn sibling(path: &Path, suffix: &str) -> Result<PathBuf, RunError> {
    let name = path.file_name().ok_or_else(|| RunError::Unnamed { path: path.to_owned() })?;
    let mut hidden = OsString::from(".");
    hidden.push(name);
    hidden.push(".");
    hidden.push(suffix);
    Ok(path.with_file_name(hidden))
}

pub(crate) fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

fn exists(path: &Path) -> Result<bool, RunError> {
    path.try_exists().map_err(reading(path))
}

/// Gives every file below `dir` the permissions of new ones, and forces it and every folder to the disk.
fn finish_tree(dir: &Path, permissions: &Permissions) -> Result<(), RunError> {
    for entry in fs::read_dir(dir).map_err(reading(dir))? {
        let entry = entry.map_err(reading(dir))?;
        let path = entry.path();
        let kind = entry.file_type().map_err(reading(&path))?;
        if kind.is_dir() {
            finish_tree(&path, permissions)?;
        } else if kind.is_file() {
            let finish = |file: File| {
                widen(&file, permissions)?;
                file.sync_all()
            };
            File::open(&path).and_then(finish).map_err(writing(&path))?;
        }
    }
    sync_folder(dir)
}

/// The permissions that this process gives to new files: those of the manifest, which was just made.
fn permissions_of_new(dir: &Path) -> Result<Permissions, RunError> {
    let path = dir.join(manifest::MANIFEST);
    Ok(fs::metadata(&path).map_err(reading(&path))?.permissions())
}

/// Adds permissions: some libraries write through temporary files that only their owner may read.
#[cfg(unix)]
fn widen(file: &File, permissions: &Permissions) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let (has, wants) = (file.metadata()?.permissions().mode(), permissions.mode());
    if has | wants == has { Ok(()) } else { file.set_permissions(Permissions::from_mode(has | wants)) }
}

#[cfg(not(unix))]
fn widen(_: &File, _: &Permissions) -> io::Result<()> {
    Ok(())
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
