//! Network namespaces with nothing in them, kept for the next program.
//!
//! To make one and to take it down costs the kernel several milliseconds, during which it makes no other. So a
//! place keeps its own. Never two programs are in one at a time, and the next finds what the last found: nothing can
//! be changed in it without rights over it, which no program has, and sockets end with their processes.

use std::{
    ffi::{CStr, CString},
    io,
    os::fd::{AsRawFd, FromRawFd, OwnedFd},
};

use libc::{c_int, c_void};

use super::{
    clone::{Stack, run_on},
    fd, layout,
    plan::{Failure, Step},
    sys::{call, errno},
};

/// An empty network namespace and, for an ordinary user, the user namespace that it belongs to.
#[derive(Debug)]
pub(super) struct Network {
    user: Option<OwnedFd>,
    net: OwnedFd,
}

/// What the maker has to do and what it made, in the parent's memory.
struct Making {
    /// Contents of `uid_map` and `gid_map`, in a user namespace.
    id_maps: Option<(CString, CString)>,
    /// Descriptors, which are the parent's as well; -1 for none.
    user: c_int,
    net: c_int,
    failed: (Step, c_int),
}

impl Network {
    /// Makes one, with a user namespace around it if wanted. Called by the spawner's thread alone: while a program
    /// of another user is being started, the own `/proc` may not be written.
    pub(super) fn new(with_user: bool, stack: &Stack) -> Result<Self, Failure> {
        let id_maps = with_user.then(layout::id_maps);
        let mut making = Making { id_maps, user: -1, net: -1, failed: (Step::None, 0) };
        let user = if with_user { libc::CLONE_NEWUSER } else { 0 };
        // The table of descriptors is shared, so that what the maker opens is open here.
        let flags = libc::CLONE_NEWNET | libc::CLONE_FILES | user;
        let made = run_on(stack, flags, make, (&raw mut making).cast());
        // SAFETY: the maker opened both for this process, and nobody else has their numbers.
        let own = |fd: c_int| (fd >= 0).then(|| unsafe { OwnedFd::from_raw_fd(fd) });
        let (user, net) = (own(making.user), own(making.net));
        made.map_err(|error| (Step::Clone, error))?;
        match (making.failed, net) {
            ((Step::None, _), Some(net)) => {
                let raise = |fd| fd::raise(fd).map_err(|error| (Step::Network, error));
                Ok(Self { user: user.map(raise).transpose()?, net: raise(net)? })
            }
            ((Step::None, _), None) => Err((Step::Network, io::Error::other("its maker was killed"))),
            ((step, errno), _) => Err((step, io::Error::from_raw_os_error(errno))),
        }
    }

    /// The descriptors of the user namespace, if there is one, and of the network namespace.
    pub(super) fn raw(&self) -> (Option<c_int>, c_int) {
        (self.user.as_ref().map(AsRawFd::as_raw_fd), self.net.as_raw_fd())
    }
}

/// The first process of the namespaces, which opens them and leaves. Part of the child, and under its contract.
extern "C" fn make(making: *mut c_void) -> c_int {
    // SAFETY: the spawner gives what it made and waits.
    let making = unsafe { &mut *making.cast::<Making>() };
    if let Err(step) = make_steps(making) {
        making.failed = (step, errno());
    }
    // SAFETY: does not return.
    unsafe { libc::_exit(0) }
}

fn make_steps(making: &mut Making) -> Result<(), Step> {
    if let Some((uid_map, gid_map)) = &making.id_maps {
        write_file(c"/proc/self/setgroups", c"deny")?;
        write_file(c"/proc/self/uid_map", uid_map)?;
        write_file(c"/proc/self/gid_map", gid_map)?;
        making.user = open(c"/proc/self/ns/user", libc::O_RDONLY, Step::IdMap)?;
    }
    making.net = open(c"/proc/self/ns/net", libc::O_RDONLY, Step::Network)?;
    Ok(())
}

fn open(path: &CStr, flags: c_int, step: Step) -> Result<c_int, Step> {
    call!(step, libc::SYS_openat, libc::AT_FDCWD, path.as_ptr(), flags | libc::O_CLOEXEC, 0)
}

fn write_file(path: &CStr, content: &CStr) -> Result<(), Step> {
    let fd = open(path, libc::O_WRONLY, Step::IdMap)?;
    let content = content.to_bytes();
    let written = call!(Step::IdMap, libc::SYS_write, fd, content.as_ptr(), content.len());
    let _ = call!(Step::IdMap, libc::SYS_close, fd);
    written.map(|_| ())
}
