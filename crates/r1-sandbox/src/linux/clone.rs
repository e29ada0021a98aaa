//! A process in this memory, for as long as one thread waits.

use std::{io, ptr::null_mut};

use libc::{c_int, c_void};

/// Memory for the child's stack, with a page below it that may not be touched.
pub(super) struct Stack(*mut c_void);

impl Stack {
    const BYTES: usize = 256 << 10;
    const GUARD: usize = 64 << 10;

    pub(super) fn new() -> Option<Self> {
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_STACK;
        // SAFETY: a fresh mapping at an address of the kernel's choice, whose lowest part is guarded.
        unsafe {
            let start = libc::mmap(null_mut(), Self::BYTES, libc::PROT_READ | libc::PROT_WRITE, flags, -1, 0);
            let ok = start != libc::MAP_FAILED && libc::mprotect(start, Self::GUARD, libc::PROT_NONE) == 0;
            ok.then_some(Self(start))
        }
    }

    pub(super) fn top(&self) -> *mut c_void {
        // SAFETY: the end of the mapping.
        unsafe { self.0.byte_add(Self::BYTES) }
    }
}

/// Runs a process on this stack, in this memory and in new namespaces by the flags, while this thread waits for
/// its end. Gives its number.
pub(super) fn run_on(
    stack: &Stack,
    flags: c_int,
    entry: extern "C" fn(*mut c_void) -> c_int,
    argument: *mut c_void,
) -> io::Result<c_int> {
    // SAFETY: both sets are filled by the calls; the process and what it starts keep to the child's contract
    // while this thread waits (CLONE_VFORK), and signals are blocked so that no handler runs in them.
    let (pid, error) = unsafe {
        let (mut all, mut before) = (std::mem::zeroed(), std::mem::zeroed());
        libc::sigfillset(&mut all);
        libc::pthread_sigmask(libc::SIG_SETMASK, &all, &mut before);
        let dumpable = libc::prctl(libc::PR_GET_DUMPABLE);
        let flags = flags | libc::CLONE_VM | libc::CLONE_VFORK | libc::SIGCHLD;
        let pid = libc::clone(entry, stack.top(), flags, argument);
        let error = io::Error::last_os_error();
        // A change of user marks the shared memory as secret; that was the child's affair.
        if dumpable == 1 {
            libc::prctl(libc::PR_SET_DUMPABLE, 1);
        }
        libc::pthread_sigmask(libc::SIG_SETMASK, &before, null_mut());
        (pid, error)
    };
    if pid < 0 {
        return Err(error);
    }
    reap(pid);
    Ok(pid)
}

/// Waits for a child and forgets it.
pub(super) fn reap(pid: c_int) {
    // SAFETY: a child of ours; nothing is written.
    while unsafe { libc::waitpid(pid, null_mut(), 0) } == -1
        && io::Error::last_os_error().kind() == io::ErrorKind::Interrupted
    {}
}
