//! What happens between the fork and the program.
//!
//! The child shares the parent's memory until `exec` (so that a trainer of many gigabytes is not
//! copied), and only its calling thread waits. Therefore nothing here allocates, locks, panics or
//! unwinds, and users are changed by bare system calls, because those of the C library tell all threads.

use std::{
    ffi::CStr,
    os::fd::AsRawFd,
    ptr::{null, null_mut},
};

use libc::{c_int, c_long, c_void};

use super::plan::{Plan, Root, Step};

/// The order of [`Plan`]'s steps; does not return.
///
/// Only the spawner calls it,
/// with a [`Plan`] that nothing else touches until the child has left.
pub(super) extern "C" fn enter(plan: *mut c_void) -> c_int {
    // SAFETY: the caller gives a plan and waits.
    let plan = unsafe { &mut *plan.cast::<Plan>() };
    let step = match run(plan) {
        Ok(()) => return 0,
        Err(step) => step,
    };
    plan.failed = (step, errno());
    // SAFETY: ends this process at once, without the parent's exit handlers.
    unsafe { libc::_exit(127) }
}

fn errno() -> c_int {
    // SAFETY: the address is always valid.
    unsafe { *libc::__errno_location() }
}

/// `Ok` when a system call did not give -1.
fn check(result: impl Into<i64>, step: Step) -> Result<(), Step> {
    if result.into() == -1 { Err(step) } else { Ok(()) }
}

/// A bare system call.
macro_rules! call {
    ($step:expr, $number:expr $(, $argument:expr)*) => {{
        // SAFETY: pointers among the arguments point into the plan or to static strings.
        let result: c_long = unsafe { libc::syscall($number $(, $argument)*) };
        check(result, $step).map(|()| result as c_int)
    }};
}

fn run(plan: &mut Plan) -> Result<(), Step> {
    reset_signals();
    // Fails when the process leads a group already, which is as good.
    let _ = call!(Step::None, libc::SYS_setsid);
    for group in &plan.cgroups {
        call!(Step::Cgroup, libc::SYS_write, group.as_raw_fd(), c"0".as_ptr(), 1usize)?;
    }
    if let Some((uid_map, gid_map)) = &plan.id_maps {
        write_file(c"/proc/self/setgroups", b"deny", Step::IdMap)?;
        write_file(c"/proc/self/uid_map", uid_map.to_bytes(), Step::IdMap)?;
        write_file(c"/proc/self/gid_map", gid_map.to_bytes(), Step::IdMap)?;
    }
    descriptors(plan)?;
    // SAFETY: changes a number of this process.
    unsafe { libc::umask(0o077) };
    if let Some(root) = &plan.root {
        new_root(root)?;
    } else if let Some(path) = &plan.host_box {
        call!(Step::Files, libc::SYS_chdir, path.as_ptr())?;
    }
    fill_box(plan)?;
    rlimits(plan)?;
    privileges(plan)?;
    if plan.no_new_privs {
        call!(Step::NoNewPrivs, libc::SYS_prctl, libc::PR_SET_NO_NEW_PRIVS, 1usize, 0usize, 0usize, 0usize)?;
    }
    die_with_parent(plan)?;
    landlock(plan)?;
    if let Some(filters) = &plan.filters {
        for filter in filters.iter() {
            let program =
                libc::sock_fprog { len: filter.len() as u16, filter: filter.as_ptr().cast_mut().cast() };
            call!(
                Step::Seccomp,
                libc::SYS_seccomp,
                libc::SECCOMP_SET_MODE_FILTER,
                0usize,
                &raw const program
            )?;
        }
    }
    if plan.probe {
        // SAFETY: as in `enter`.
        unsafe { libc::_exit(0) }
    }
    unblock_signals();
    call!(
        Step::Exec,
        libc::SYS_execve,
        plan.program.as_ptr(),
        plan.argv_pointers.as_ptr(),
        plan.envp_pointers.as_ptr()
    )?;
    Ok(())
}

/// Every signal back to its default; the parent's handlers must not run here.
fn reset_signals() {
    for signal in 1..=64 {
        // SAFETY: a zeroed action is the default one; the C library refuses its own two signals.
        unsafe {
            let action: libc::sigaction = std::mem::zeroed();
            libc::sigaction(signal, &action, null_mut());
        }
    }
}

fn unblock_signals() {
    // SAFETY: an empty set is valid.
    unsafe {
        let mut none: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&mut none);
        libc::sigprocmask(libc::SIG_SETMASK, &none, null_mut());
    }
}

fn write_file(path: &CStr, content: &[u8], step: Step) -> Result<(), Step> {
    let fd =
        call!(step, libc::SYS_openat, libc::AT_FDCWD, path.as_ptr(), libc::O_WRONLY | libc::O_CLOEXEC, 0)?;
    let written = call!(step, libc::SYS_write, fd, content.as_ptr(), content.len());
    let _ = call!(step, libc::SYS_close, fd);
    written.map(|_| ())
}

/// The program's descriptors get their numbers, and all others close at `exec`.
fn descriptors(plan: &Plan) -> Result<(), Step> {
    let step = Step::Descriptors;
    let mut next = 3;
    for (source, target) in &plan.descriptors {
        if let Some(uid) = plan.uid {
            // All of them are pipes. Then `/dev/stdin` can be opened by the new user.
            let _ = call!(step, libc::SYS_fchown, source.as_raw_fd(), uid, uid);
        }
        call!(step, libc::SYS_dup3, source.as_raw_fd(), *target, 0)?;
        next = next.max(target + 1);
    }
    if let Some(null) = &plan.null {
        call!(step, libc::SYS_dup3, null.as_raw_fd(), 1, 0)?;
    }
    call!(step, libc::SYS_close_range, next, u32::MAX, libc::CLOSE_RANGE_CLOEXEC)?;
    Ok(())
}

/// A root with nothing in it but what the plan shows.
fn new_root(root: &Root) -> Result<(), Step> {
    let step = Step::Mount;
    let none: *const u8 = null();
    let private = libc::MS_REC | libc::MS_PRIVATE;
    call!(step, libc::SYS_mount, none, c"/".as_ptr(), none, private, none)?;
    // The old tree is reached through this descriptor once the new root hides it.
    let old =
        call!(step, libc::SYS_openat, libc::AT_FDCWD, c"/".as_ptr(), libc::O_PATH | libc::O_CLOEXEC, 0)?;
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
        show(old, &exposed.source, &exposed.target, exposed.is_device)?;
    }
    if root.proc {
        let flags = libc::MS_NOSUID | libc::MS_NODEV | libc::MS_NOEXEC;
        let options = c"subset=pid".as_ptr();
        let proc = c"proc".as_ptr();
        call!(Step::Proc, libc::SYS_mount, proc, c"proc".as_ptr(), proc, flags, options)?;
    }
    // The program owns its box and nothing above it.
    call!(step, libc::SYS_mount, tmpfs, c"box".as_ptr(), tmpfs, flags, root.options.as_ptr())?;
    call!(step, libc::SYS_pivot_root, c".".as_ptr(), c".".as_ptr())?;
    call!(step, libc::SYS_umount2, c".".as_ptr(), libc::MNT_DETACH)?;
    let read_only = flags | libc::MS_REMOUNT | libc::MS_BIND | libc::MS_RDONLY;
    call!(step, libc::SYS_mount, none, c"/".as_ptr(), none, read_only, none)?;
    call!(step, libc::SYS_chdir, c"/box".as_ptr())?;
    let _ = call!(step, libc::SYS_close, old);
    Ok(())
}

/// Shows a file or folder of the old tree in the new one, read-only.
fn show(old: c_int, source: &CStr, target: &CStr, is_device: bool) -> Result<(), Step> {
    let step = Step::Mount;
    const OPEN_TREE_CLONE: c_int = 1;
    const MOVE_MOUNT_F_EMPTY_PATH: c_int = 4;
    let flags = OPEN_TREE_CLONE | libc::O_CLOEXEC | libc::AT_RECURSIVE;
    let tree = call!(step, libc::SYS_open_tree, old, source.as_ptr(), flags)?;
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
    let flags = MOVE_MOUNT_F_EMPTY_PATH;
    call!(step, libc::SYS_move_mount, tree, c"".as_ptr(), libc::AT_FDCWD, target.as_ptr(), flags)?;
    let _ = call!(step, libc::SYS_close, tree);
    Ok(())
}

/// Writes the files of the box, the current folder, and hands it to its user.
///
/// Not the parent: a program may not be started while anybody has it open for writing, and whatever
/// another thread of the parent starts at that moment takes the parent's descriptors along. Those of
/// the child nobody inherits.
fn fill_box(plan: &Plan) -> Result<(), Step> {
    let step = Step::Files;
    // SAFETY: changes a number of this process.
    unsafe { libc::umask(0o022) };
    for file in &plan.files {
        let flags = libc::O_CREAT | libc::O_EXCL | libc::O_WRONLY | libc::O_CLOEXEC;
        let fd = call!(step, libc::SYS_openat, libc::AT_FDCWD, file.name.as_ptr(), flags, 0o755)?;
        let mut rest = &file.content[..];
        while !rest.is_empty() {
            let written = call!(step, libc::SYS_write, fd, rest.as_ptr(), rest.len())?;
            rest = rest.get(written as usize..).unwrap_or_default();
        }
        let _ = call!(step, libc::SYS_close, fd);
    }
    if let Some(uid) = plan.uid.filter(|_| plan.writable_box) {
        call!(step, libc::SYS_fchownat, libc::AT_FDCWD, c".".as_ptr(), uid, uid, 0)?;
    }
    // SAFETY: changes a number of this process.
    unsafe { libc::umask(0o077) };
    Ok(())
}

fn rlimits(plan: &Plan) -> Result<(), Step> {
    for &(resource, soft, hard) in &plan.rlimits {
        let limit = libc::rlimit64 { rlim_cur: soft, rlim_max: hard };
        call!(Step::Rlimits, libc::SYS_prlimit64, 0, resource, &raw const limit, null::<u8>())?;
    }
    Ok(())
}

/// Another user, no groups, and no capability in any set.
fn privileges(plan: &Plan) -> Result<(), Step> {
    let step = Step::UidDrop;
    if plan.drop_capabilities {
        for capability in 0..64usize {
            // Those that the kernel does not know, or we do not have, cannot be dropped.
            let _ = call!(step, libc::SYS_prctl, libc::PR_CAPBSET_DROP, capability, 0usize, 0usize, 0usize);
        }
    }
    if let Some(uid) = plan.uid {
        call!(step, libc::SYS_setgroups, 0usize, null::<u32>())?;
        call!(step, libc::SYS_setresgid, uid, uid, uid)?;
        call!(step, libc::SYS_setresuid, uid, uid, uid)?;
    }
    if plan.drop_capabilities {
        const VERSION_3: u32 = 0x2008_0522;
        let header: [u32; 2] = [VERSION_3, 0];
        let none = [0u32; 6];
        call!(step, libc::SYS_capset, header.as_ptr(), none.as_ptr())?;
    }
    Ok(())
}

/// The kernel kills this process when the spawning thread ends, from now on; if it has ended before,
/// the lifeline tells.
fn die_with_parent(plan: &Plan) -> Result<(), Step> {
    let step = Step::NoNewPrivs;
    call!(step, libc::SYS_prctl, libc::PR_SET_PDEATHSIG, libc::SIGKILL, 0usize, 0usize, 0usize)?;
    let (read, write) = plan.lifeline;
    let _ = call!(step, libc::SYS_close, write);
    let mut poll = libc::pollfd { fd: read, events: 0, revents: 0 };
    let now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    let ended = call!(step, libc::SYS_ppoll, &raw mut poll, 1usize, &raw const now, null::<u8>(), 0usize)?;
    if ended > 0 { Err(step) } else { Ok(()) }
}

/// Adds the box and `/proc` to the rules and applies them.
fn landlock(plan: &Plan) -> Result<(), Step> {
    let Some(rules) = &plan.rules else { return Ok(()) };
    let box_rights = if plan.writable_box { rules.write } else { rules.read };
    allow(rules.raw(), c".", box_rights)?;
    // Of the whole host's `/proc` only the own descriptors: the rest tells of its mounts and connections.
    let proc = if plan.root.is_some() { c"/proc" } else { c"/proc/self/fd" };
    let _ = allow(rules.raw(), proc, rules.read);
    call!(Step::Landlock, libc::SYS_landlock_restrict_self, rules.raw(), 0usize)?;
    Ok(())
}

fn allow(rules: c_int, path: &CStr, rights: u64) -> Result<(), Step> {
    let step = Step::Landlock;
    const PATH_BENEATH: c_int = 1;
    let fd = call!(step, libc::SYS_openat, libc::AT_FDCWD, path.as_ptr(), libc::O_PATH | libc::O_CLOEXEC, 0)?;
    // The kernel's structure is packed: eight bytes of rights, four of descriptor.
    #[repr(C, packed)]
    struct Beneath {
        rights: u64,
        fd: c_int,
    }
    let beneath = Beneath { rights, fd };
    let added =
        call!(step, libc::SYS_landlock_add_rule, rules, PATH_BENEATH, &raw const beneath, 0usize).map(|_| ());
    let _ = call!(step, libc::SYS_close, fd);
    added
}
