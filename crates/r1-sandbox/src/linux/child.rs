//! What happens between the fork and the program.
//!
//! Three processes in a row. The *usher* makes the namespaces and the root, starts the other two as
//! children of the parent, and leaves. The *supervisor* is the first process of the namespace and ends
//! the program when the parent has ended. The last one becomes the *program*.
//!
//! # Contract
//! All of them share the parent's memory until `exec` (so that a trainer of many gigabytes is not copied),
//! and only the thread that called waits, each process for the one it made. Therefore nothing here
//! allocates, locks, panics or unwinds; memory is written in the plan and on the own stacks only; and users
//! are changed by bare system calls, because those of the C library tell all threads.

use std::{
    ffi::CStr,
    os::fd::AsRawFd,
    ptr::{null, null_mut},
};

use libc::{c_int, c_void};

use super::{
    plan::{Plan, Step},
    root, supervisor,
    sys::{call, check, errno},
};

/// The usher: namespaces and root, then the supervisor, then the program; does not return.
///
/// Only the spawner calls it, with a [`Plan`] that nothing else touches until the usher has left.
pub(super) extern "C" fn usher(plan: *mut c_void) -> c_int {
    // SAFETY: the caller gives a plan and waits.
    end(unsafe { &mut *plan.cast::<Plan>() }, usher_steps)
}

extern "C" fn supervise(plan: *mut c_void) -> c_int {
    // SAFETY: the usher gives its plan and waits.
    end(unsafe { &mut *plan.cast::<Plan>() }, supervisor_steps)
}

extern "C" fn become_program(plan: *mut c_void) -> c_int {
    // SAFETY: the usher gives its plan and waits.
    end(unsafe { &mut *plan.cast::<Plan>() }, program_steps)
}

/// Takes the steps, notes which failed and why, and ends this process without the parent's exit handlers.
fn end(plan: &mut Plan, steps: fn(&mut Plan) -> Result<(), Step>) -> ! {
    if let Err(step) = steps(plan)
        && plan.failed.0 == Step::None
    {
        plan.failed = (step, errno());
    }
    // SAFETY: does not return.
    unsafe { libc::_exit(i32::from(plan.failed.0 != Step::None)) }
}

fn usher_steps(plan: &mut Plan) -> Result<(), Step> {
    let (_, write) = plan.lifeline;
    let _ = call!(Step::None, libc::SYS_close, write);
    reset_signals();
    call!(Step::Clone, libc::SYS_setsid)?;
    for group in &plan.cgroups {
        call!(Step::Cgroup, libc::SYS_write, group.as_raw_fd(), c"0".as_ptr(), 1usize)?;
    }
    if let Some((user, network)) = plan.network {
        if let Some(user) = user {
            call!(Step::IdMap, libc::SYS_setns, user, libc::CLONE_NEWUSER)?;
        }
        call!(Step::Network, libc::SYS_setns, network, libc::CLONE_NEWNET)?;
        let fresh = libc::CLONE_NEWNS | libc::CLONE_NEWIPC | libc::CLONE_NEWUTS;
        call!(Step::Clone, libc::SYS_unshare, fresh)?;
    }
    // SAFETY: changes a number of this process.
    unsafe { libc::umask(0o077) };
    if let Some(root) = &mut plan.root {
        let name = c"sandbox";
        call!(Step::Mount, libc::SYS_sethostname, name.as_ptr(), 7usize)?;
        call!(Step::Mount, libc::SYS_setdomainname, name.as_ptr(), 7usize)?;
        root::build(root)?;
    } else if let Some(path) = &plan.host_box {
        call!(Step::Files, libc::SYS_chdir, path.as_ptr())?;
    }
    if plan.network.is_some() {
        call!(Step::Clone, libc::SYS_unshare, libc::CLONE_NEWPID)?;
    }
    if plan.supervisor.is_some() {
        plan.started.supervisor = start(plan, supervise)?;
    }
    if plan.root.is_some() && plan.failed.0 == Step::None {
        root::enter()?;
    }
    if plan.failed.0 == Step::None {
        plan.started.program = start(plan, become_program)?;
    }
    Ok(())
}

/// Starts the next process as a child of the parent and waits until it has left this memory.
fn start(plan: &mut Plan, entry: extern "C" fn(*mut c_void) -> c_int) -> Result<c_int, Step> {
    let flags = libc::CLONE_PARENT | libc::CLONE_VM | libc::CLONE_VFORK | libc::SIGCHLD;
    // SAFETY: the stack is used by one process at a time, because this one waits; the plan outlives both.
    let pid = unsafe { libc::clone(entry, plan.inner_stack, flags, (&raw mut *plan).cast()) };
    check(pid, Step::Clone).map(|()| pid)
}

fn supervisor_steps(plan: &mut Plan) -> Result<(), Step> {
    let step = Step::Supervisor;
    let Some(image) = plan.supervisor else { return Ok(()) };
    if plan.root.as_ref().is_some_and(|root| root.proc) {
        root::mount_proc()?;
    }
    call!(step, libc::SYS_chdir, c"/".as_ptr())?;
    if plan.user_namespace {
        // Without rights of its own it may not read its image, and is secret to programs of the same user.
        no_capabilities(step)?;
    }
    // Who ends is not kept for it.
    // SAFETY: both calls get valid data; the signals of this process alone are changed.
    unsafe {
        let mut ignored: libc::sigaction = std::mem::zeroed();
        ignored.sa_sigaction = libc::SIG_IGN;
        libc::sigaction(libc::SIGCHLD, &ignored, null_mut());
    }
    // No descriptor of the program's, or a pipe would never end.
    call!(step, libc::SYS_close_range, 0usize, u32::MAX, libc::CLOSE_RANGE_CLOEXEC)?;
    die_with_parent(plan, supervisor::WAKE)?;
    let none = [null::<libc::c_char>()];
    let (path, flags) = (c"".as_ptr(), libc::AT_EMPTY_PATH);
    call!(step, libc::SYS_execveat, image.as_raw_fd(), path, none.as_ptr(), none.as_ptr(), flags)?;
    Ok(())
}

fn program_steps(plan: &mut Plan) -> Result<(), Step> {
    descriptors(plan)?;
    fill_box(plan)?;
    rlimits(plan)?;
    privileges(plan)?;
    if plan.no_new_privs {
        call!(Step::NoNewPrivs, libc::SYS_prctl, libc::PR_SET_NO_NEW_PRIVS, 1usize, 0usize, 0usize, 0usize)?;
    }
    die_with_parent(plan, libc::SIGKILL)?;
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
        return Ok(());
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

/// Writes the files of the box, the current folder, and hands it to its user.
///
/// Not the parent: a program may not be started while anybody has it open for writing, and whatever
/// another thread of the parent starts at that moment takes the parent's descriptors along. Those of
/// the child nobody inherits.
fn fill_box(plan: &Plan) -> Result<(), Step> {
    let step = Step::Files;
    // SAFETY: changes a number of this process.
    unsafe { libc::umask(0o022) };
    for folder in &plan.folders {
        call!(step, libc::SYS_mkdirat, libc::AT_FDCWD, folder.as_ptr(), 0o755)?;
        if let Some(uid) = plan.uid.filter(|_| plan.writable_box) {
            call!(step, libc::SYS_fchownat, libc::AT_FDCWD, folder.as_ptr(), uid, uid, 0)?;
        }
    }
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
    for &(resource, limit) in &plan.rlimits {
        let limit = libc::rlimit64 { rlim_cur: limit, rlim_max: limit };
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
        no_capabilities(step)?;
    }
    Ok(())
}

/// Gives up every capability.
fn no_capabilities(step: Step) -> Result<(), Step> {
    const VERSION_3: u32 = 0x2008_0522;
    let (header, none): ([u32; 2], [u32; 6]) = ([VERSION_3, 0], [0; 6]);
    call!(step, libc::SYS_capset, header.as_ptr(), none.as_ptr())?;
    Ok(())
}

/// The kernel sends this signal when the spawning thread ends, from now on; if it has ended before, the
/// lifeline tells.
fn die_with_parent(plan: &Plan, signal: c_int) -> Result<(), Step> {
    let step = Step::NoNewPrivs;
    call!(step, libc::SYS_prctl, libc::PR_SET_PDEATHSIG, signal, 0usize, 0usize, 0usize)?;
    let (read, _) = plan.lifeline;
    let mut poll = libc::pollfd { fd: read, events: 0, revents: 0 };
    let now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    let ended = call!(step, libc::SYS_ppoll, &raw mut poll, 1usize, &raw const now, null::<u8>(), 0usize)?;
    if ended > 0 { Err(step) } else { Ok(()) }
}

/// What a program may read of its own `/proc` folder. The rest tells of the host: the sources of mounts,
/// its connections, the place in its control groups.
const OF_PROC: [&CStr; 9] = [
    c"/proc/self/maps",
    c"/proc/self/stat",
    c"/proc/self/statm",
    c"/proc/self/status",
    c"/proc/self/cmdline",
    c"/proc/self/comm",
    c"/proc/self/exe",
    c"/proc/self/auxv",
    c"/proc/self/limits",
];

/// Adds the box and parts of `/proc` to the rules and applies them.
fn landlock(plan: &Plan) -> Result<(), Step> {
    let Some(rules) = &plan.rules else { return Ok(()) };
    let box_rights = if plan.writable_box { rules.write } else { rules.read };
    allow(rules.raw(), c".", box_rights)?;
    let _ = allow(rules.raw(), c"/proc/self/fd", rules.read);
    if plan.root.is_some() {
        // Names in the private root are no secret.
        allow(rules.raw(), c"/", rules.read_dir)?;
        for path in OF_PROC {
            let _ = allow(rules.raw(), path, rules.read_file);
        }
        if plan.reads_proc {
            allow(rules.raw(), c"/proc", rules.read_file | rules.read_dir)?;
        }
    }
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
