//! The one thread that starts programs.
//!
//! A program is killed when the thread that started it ends, so that thread must live as long as the
//! process: workers of a pool do not.

use std::{
    io,
    os::fd::{AsRawFd, OwnedFd},
    ptr::null_mut,
    sync::{
        OnceLock,
        mpsc::{self, Sender},
    },
    thread,
};

use libc::c_int;

use super::{
    child,
    fd::{pipe, raise},
    plan::{Plan, Started, Step},
};

/// A step that failed, and why.
pub(super) type Failure = (Step, io::Error);

/// A request: the plan, and where the processes' numbers go.
type Request = (Box<Plan>, Sender<Result<Started, Failure>>);

struct Spawner {
    requests: Sender<Request>,
    lifeline: (OwnedFd, OwnedFd),
}

static SPAWNER: OnceLock<Option<Spawner>> = OnceLock::new();

fn spawner() -> io::Result<&'static Spawner> {
    let spawner = SPAWNER.get_or_init(|| {
        let (read, write) = pipe().ok()?;
        // Numbers that no descriptor of a program gets, or the child would close one of those.
        let lifeline = (raise(read).ok()?, raise(write).ok()?);
        let (requests, receiver) = mpsc::channel::<Request>();
        let thread = thread::Builder::new().name("r1-spawner".into());
        thread
            .spawn(move || {
                let stacks = (Stack::new(), Stack::new());
                for (mut plan, reply) in receiver {
                    let outcome = match &stacks {
                        (Some(outer), Some(inner)) => {
                            plan.inner_stack = inner.top();
                            spawn_here(&mut plan, outer)
                        }
                        _ => Err((Step::Clone, io::Error::from(io::ErrorKind::OutOfMemory))),
                    };
                    // Who asked may have given up.
                    let _ = reply.send(outcome);
                }
            })
            .ok()?;
        Some(Spawner { requests, lifeline })
    });
    spawner.as_ref().ok_or_else(|| io::Error::other("the spawner thread did not start"))
}

/// Starts what the plan says and gives the processes' numbers once the program runs.
pub(super) fn spawn(mut plan: Box<Plan>) -> Result<Started, Failure> {
    let spawner = spawner().map_err(|error| (Step::Clone, error))?;
    plan.lifeline = (spawner.lifeline.0.as_raw_fd(), spawner.lifeline.1.as_raw_fd());
    let (reply, answer) = mpsc::channel();
    let gone = |_| (Step::Clone, io::Error::other("the spawner thread has ended"));
    spawner.requests.send((plan, reply)).map_err(|_| gone(()))?;
    answer.recv().map_err(|_| gone(()))?
}

/// Memory for the child's stack, with a page below it that may not be touched.
struct Stack(*mut libc::c_void);

impl Stack {
    const BYTES: usize = 256 << 10;
    const GUARD: usize = 64 << 10;

    fn new() -> Option<Self> {
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_STACK;
        // SAFETY: a fresh mapping at an address of the kernel's choice, whose lowest part is guarded.
        unsafe {
            let start = libc::mmap(null_mut(), Self::BYTES, libc::PROT_READ | libc::PROT_WRITE, flags, -1, 0);
            let ok = start != libc::MAP_FAILED && libc::mprotect(start, Self::GUARD, libc::PROT_NONE) == 0;
            ok.then_some(Self(start))
        }
    }

    fn top(&self) -> *mut libc::c_void {
        // SAFETY: the end of the mapping.
        unsafe { self.0.byte_add(Self::BYTES) }
    }
}

/// Runs the usher on its stack while this thread waits.
fn spawn_here(plan: &mut Plan, stack: &Stack) -> Result<Started, Failure> {
    // SAFETY: both sets are filled by the calls; the usher and what it starts keep to the child's contract
    // while this thread waits (CLONE_VFORK), and signals are blocked so that no handler runs in them.
    let (pid, error) = unsafe {
        let (mut all, mut before) = (std::mem::zeroed(), std::mem::zeroed());
        libc::sigfillset(&mut all);
        libc::pthread_sigmask(libc::SIG_SETMASK, &all, &mut before);
        let dumpable = libc::prctl(libc::PR_GET_DUMPABLE);
        let flags = plan.clone_flags | libc::CLONE_VM | libc::CLONE_VFORK | libc::SIGCHLD;
        let pid = libc::clone(child::usher, stack.top(), flags, (&raw mut *plan).cast());
        let error = io::Error::last_os_error();
        // A change of user marks the shared memory as secret; that was the child's affair.
        if dumpable == 1 {
            libc::prctl(libc::PR_SET_DUMPABLE, 1);
        }
        libc::pthread_sigmask(libc::SIG_SETMASK, &before, null_mut());
        (pid, error)
    };
    if pid < 0 {
        return Err((Step::Clone, error));
    }
    plan.started.group = pid;
    reap(pid);
    let (step, errno) = plan.failed;
    if step == Step::None && plan.started.program > 0 {
        return Ok(plan.started);
    }
    // The program first: the supervisor of a namespace stays until the last process in it is reaped.
    for pid in [plan.started.program, plan.started.supervisor].into_iter().filter(|&pid| pid > 0) {
        // SAFETY: a child of ours that is not reaped, so that the number is its own.
        unsafe { libc::kill(pid, libc::SIGKILL) };
        reap(pid);
    }
    match step {
        Step::None => Err((Step::Clone, io::Error::other("a process that builds the cage was killed"))),
        step => Err((step, io::Error::from_raw_os_error(errno))),
    }
}

/// Waits for a child and forgets it.
fn reap(pid: c_int) {
    // SAFETY: a child of ours; nothing is written.
    while unsafe { libc::waitpid(pid, null_mut(), 0) } == -1
        && io::Error::last_os_error().kind() == io::ErrorKind::Interrupted
    {}
}
