//! Descriptors: pipes, and numbers out of a program's way.

use std::{
    io,
    os::fd::{AsRawFd, FromRawFd, OwnedFd},
};

use libc::c_int;

use crate::SandboxError;

/// Descriptors of the parent are moved to this number and above, so that no program's overwrites one.
pub(super) const FIRST_FREE: c_int = 32;

/// A pipe whose ends close at `exec`: to read from, to write to.
pub(super) fn pipe() -> io::Result<(OwnedFd, OwnedFd)> {
    let mut ends = [0; 2];
    // SAFETY: the array holds two numbers.
    if unsafe { libc::pipe2(ends.as_mut_ptr(), libc::O_CLOEXEC) } != 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the call made both and nobody else has them.
    Ok(unsafe { (OwnedFd::from_raw_fd(ends[0]), OwnedFd::from_raw_fd(ends[1])) })
}

/// The same descriptor under a number that no program's has.
pub(super) fn raise(fd: OwnedFd) -> io::Result<OwnedFd> {
    if fd.as_raw_fd() >= FIRST_FREE {
        return Ok(fd);
    }
    // SAFETY: makes another descriptor of an open one.
    match unsafe { libc::fcntl(fd.as_raw_fd(), libc::F_DUPFD_CLOEXEC, FIRST_FREE) } {
        -1 => Err(io::Error::last_os_error()),
        // SAFETY: the call made it and nobody else has it.
        raised => Ok(unsafe { OwnedFd::from_raw_fd(raised) }),
    }
}

/// The same descriptors, raised.
pub(super) fn raise_all(fds: impl Iterator<Item = OwnedFd>) -> Result<Vec<OwnedFd>, SandboxError> {
    fds.map(|fd| raise(fd).map_err(|source| SandboxError::Cage { step: "descriptors", source })).collect()
}

/// Reads and writes of it give what is possible at once.
pub(super) fn nonblocking(fd: &OwnedFd) -> Result<(), SandboxError> {
    // SAFETY: changes a flag of an open descriptor of ours.
    match unsafe { libc::fcntl(fd.as_raw_fd(), libc::F_SETFL, libc::O_NONBLOCK) } {
        -1 => Err(SandboxError::last_os("pipe")),
        _ => Ok(()),
    }
}
