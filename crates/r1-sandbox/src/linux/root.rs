//! The private file system of a program. Part of the child, and under its contract.

use std::{ffi::CStr, ptr::null};

use libc::c_int;

use super::{
    plan::{Root, Step},
    sys::call,
};

/// A root with nothing in it but what the plan shows.
pub(super) fn build(root: &mut Root) -> Result<(), Step> {
    let step = Step::Mount;
    let none: *const u8 = null();
    let private = libc::MS_REC | libc::MS_PRIVATE;
    call!(step, libc::SYS_mount, none, c"/".as_ptr(), none, private, none)?;
    // Taken now, because the new root hides what lies below its place.
    for exposed in &mut root.exposed {
        exposed.tree = take(&exposed.source, exposed.is_device)?;
    }
    let flags = libc::MS_NOSUID | libc::MS_NODEV;
    let tmpfs = c"tmpfs".as_ptr();
    let small = c"mode=755,nr_inodes=1024,size=1m".as_ptr();
    call!(step, libc::SYS_mount, tmpfs, c"/tmp".as_ptr(), tmpfs, flags, small)?;
    call!(step, libc::SYS_chdir, c"/tmp".as_ptr())?;
    // SAFETY: changes a number of this process.
    unsafe { libc::umask(0o022) };
    for folder in &root.folders {
        call!(step, libc::SYS_mkdirat, libc::AT_FDCWD, folder.as_ptr(), 0o755)?;
    }
    for (content, name) in &root.links {
        call!(step, libc::SYS_symlinkat, content.as_ptr(), libc::AT_FDCWD, name.as_ptr())?;
    }
    for exposed in &root.exposed {
        if exposed.is_file {
            let flags = libc::O_CREAT | libc::O_WRONLY | libc::O_CLOEXEC;
            let fd = call!(step, libc::SYS_openat, libc::AT_FDCWD, exposed.target.as_ptr(), flags, 0o644)?;
            let _ = call!(step, libc::SYS_close, fd);
        }
        let (tree, target) = (exposed.tree, exposed.target.as_ptr());
        const MOVE_MOUNT_F_EMPTY_PATH: c_int = 4;
        let flags = MOVE_MOUNT_F_EMPTY_PATH;
        call!(step, libc::SYS_move_mount, tree, c"".as_ptr(), libc::AT_FDCWD, target, flags)?;
        let _ = call!(step, libc::SYS_close, tree);
    }
    // The program owns its box and nothing above it.
    call!(step, libc::SYS_mount, tmpfs, c"box".as_ptr(), tmpfs, flags, root.options.as_ptr())?;
    Ok(())
}

/// Mounts `/proc` in the new root, which is the current folder. It shows the namespace of whoever mounts it,
/// and to each user his own processes. The old root must still be there: the kernel shows an ordinary user
/// no more of it than he saw before. Nobody writes there: not into memory, nor at what is counted of it.
pub(super) fn mount_proc() -> Result<(), Step> {
    let flags = libc::MS_NOSUID | libc::MS_NODEV | libc::MS_NOEXEC | libc::MS_RDONLY;
    let (proc, options) = (c"proc".as_ptr(), c"subset=pid,hidepid=2".as_ptr());
    call!(Step::Proc, libc::SYS_mount, proc, c"proc".as_ptr(), proc, flags, options)?;
    Ok(())
}

/// Takes the new root, drops the old one, and makes it read-only.
pub(super) fn enter() -> Result<(), Step> {
    let step = Step::Mount;
    let none: *const u8 = null();
    call!(step, libc::SYS_pivot_root, c".".as_ptr(), c".".as_ptr())?;
    call!(step, libc::SYS_umount2, c".".as_ptr(), libc::MNT_DETACH)?;
    let again = libc::MS_REMOUNT | libc::MS_BIND | libc::MS_RDONLY;
    let flags = libc::MS_NOSUID | libc::MS_NODEV | again;
    call!(step, libc::SYS_mount, none, c"/".as_ptr(), none, flags, none)?;
    call!(step, libc::SYS_chdir, c"/box".as_ptr())?;
    Ok(())
}

/// A copy of a file or folder of the host, read-only, that can be moved into the new root.
fn take(source: &CStr, is_device: bool) -> Result<c_int, Step> {
    let step = Step::Mount;
    const OPEN_TREE_CLONE: c_int = 1;
    let flags = OPEN_TREE_CLONE | libc::O_CLOEXEC | libc::AT_RECURSIVE;
    let tree = call!(step, libc::SYS_open_tree, libc::AT_FDCWD, source.as_ptr(), flags)?;
    let no_devices = if is_device { 0 } else { libc::MOUNT_ATTR_RDONLY | libc::MOUNT_ATTR_NODEV };
    let attributes = libc::mount_attr {
        attr_set: libc::MOUNT_ATTR_NOSUID | no_devices,
        attr_clr: 0,
        propagation: 0,
        userns_fd: 0,
    };
    let flags = libc::AT_EMPTY_PATH | libc::AT_RECURSIVE;
    let size = size_of::<libc::mount_attr>();
    call!(step, libc::SYS_mount_setattr, tree, c"".as_ptr(), flags, &raw const attributes, size)?;
    Ok(tree)
}
