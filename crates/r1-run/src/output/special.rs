//! Opening devices and pipes.

use std::{fs::File, path::Path};

use crate::{RunError, error::writing};

/// Opens a device, or a pipe that somebody reads.
#[cfg(unix)]
pub(super) fn open(path: &Path) -> Result<File, RunError> {
    use std::os::unix::fs::OpenOptionsExt;
    // Opened plainly, a pipe waits for its reader, who may never come.
    let reached = File::options().write(true).custom_flags(libc::O_NONBLOCK).open(path);
    match reached {
        Err(error) if error.raw_os_error() == Some(libc::ENXIO) => Err(RunError::Destination {
            path: path.to_owned(),
            reason: "nobody reads this pipe; start its reader first".into(),
        }),
        // The reader is there, so that the second opening does not wait; its writes do, as they should.
        reached => {
            let _held = reached.map_err(writing(path))?;
            File::options().append(true).open(path).map_err(writing(path))
        }
    }
}

/// Opens a device.
#[cfg(not(unix))]
pub(super) fn open(path: &Path) -> Result<File, RunError> {
    File::options().append(true).open(path).map_err(writing(path))
}
