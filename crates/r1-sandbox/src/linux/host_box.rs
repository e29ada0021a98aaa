//! Folders of the host for programs without a mount namespace.

use std::{
    fs::{self, DirBuilder, File, Permissions},
    io,
    os::{
        fd::AsRawFd,
        unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt, chown},
    },
    path::{Path, PathBuf},
    process,
    sync::atomic::{AtomicU64, Ordering},
};

const PREFIX: &str = "r1-box-";

/// A folder that is removed when dropped. It is locked as long as it is in use, so that what a killed
/// process left can be told from it.
#[derive(Debug)]
pub(super) struct HostBox {
    pub(super) path: PathBuf,
    _lock: File,
}

impl HostBox {
    /// A fresh folder, which this user may read and nobody else's program. The child fills it.
    pub(super) fn new(user: Option<u32>) -> io::Result<Self> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("{PREFIX}{}-{number}", process::id()));
        DirBuilder::new().mode(0o700).create(&path)?;
        let open = || {
            let lock = File::open(&path)?;
            if !lock_now(&lock) {
                return Err(io::Error::other("somebody holds the new folder"));
            }
            if let Some(user) = user {
                chown(&path, None, Some(user))?;
                fs::set_permissions(&path, Permissions::from_mode(0o750))?;
            }
            Ok(lock)
        };
        match open() {
            Ok(lock) => Ok(Self { path, _lock: lock }),
            Err(error) => {
                let _ = fs::remove_dir(&path);
                Err(error)
            }
        }
    }
}

impl Drop for HostBox {
    fn drop(&mut self) {
        // Only this process and compilers write there, so nothing in it resists.
        let _ = fs::remove_dir_all(&self.path);
    }
}

/// Removes the folders that killed processes of this user left.
pub(super) fn remove_stale() {
    // SAFETY: only returns a number.
    let own = unsafe { libc::geteuid() };
    for entry in fs::read_dir(std::env::temp_dir()).into_iter().flatten().flatten() {
        let is_box = entry.file_name().to_str().is_some_and(|name| name.starts_with(PREFIX));
        let is_ours = entry.metadata().is_ok_and(|data| data.is_dir() && (own == 0 || data.uid() == own));
        if is_box && is_ours && is_stale(&entry.path()) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// Whether nobody holds it, and it was not made just now: whoever makes one locks it a moment later.
fn is_stale(path: &Path) -> bool {
    let age =
        fs::metadata(path).and_then(|data| data.modified()).map(|time| time.elapsed().unwrap_or_default());
    age.is_ok_and(|age| age.as_millis() > 200) && File::open(path).is_ok_and(|folder| lock_now(&folder))
}

fn lock_now(folder: &File) -> bool {
    // SAFETY: locks an open file of ours.
    unsafe { libc::flock(folder.as_raw_fd(), libc::LOCK_EX | libc::LOCK_NB) == 0 }
}
