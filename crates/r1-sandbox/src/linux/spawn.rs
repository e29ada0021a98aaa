//! The one thread that starts programs.
//!
//! A program is killed when the thread that started it ends, so that thread must live as long as the
//! process: workers of a pool do not.

use std::{
    io,
    os::fd::{AsRawFd, OwnedFd},
    sync::{
        OnceLock,
        mpsc::{self, Sender},
    },
    thread,
};

use super::{
    child,
    clone::{Stack, reap, run_on},
    fd::{pipe, raise},
    network::Network,
    plan::{Failure, Plan, Started, Step},
};

/// What is asked of the thread, and where the answer goes.
enum Request {
    Start(Box<Plan>, Sender<Result<Started, Failure>>),
    Network(bool, Sender<Result<Network, Failure>>),
}

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
                let no_memory = || (Step::Clone, io::Error::from(io::ErrorKind::OutOfMemory));
                for request in receiver {
                    // Who asked may have given up.
                    match request {
                        Request::Start(mut plan, reply) => drop(reply.send(match &stacks {
                            (Some(outer), Some(inner)) => {
                                plan.inner_stack = inner.top();
                                spawn_here(&mut plan, outer)
                            }
                            _ => Err(no_memory()),
                        })),
                        Request::Network(with_user, reply) => drop(reply.send(match &stacks.0 {
                            Some(stack) => Network::new(with_user, stack),
                            None => Err(no_memory()),
                        })),
                    }
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
    ask(spawner, |reply| Request::Start(plan, reply))
}

/// Makes an empty network namespace, with a user namespace around it if wanted.
pub(super) fn network(with_user: bool) -> Result<Network, Failure> {
    let spawner = spawner().map_err(|error| (Step::Clone, error))?;
    ask(spawner, |reply| Request::Network(with_user, reply))
}

fn ask<T>(
    spawner: &Spawner,
    request: impl FnOnce(Sender<Result<T, Failure>>) -> Request,
) -> Result<T, Failure> {
    let (reply, answer) = mpsc::channel();
    let gone = || (Step::Clone, io::Error::other("the spawner thread has ended"));
    spawner.requests.send(request(reply)).map_err(|_| gone())?;
    answer.recv().map_err(|_| gone())?
}

/// Runs the usher.
fn spawn_here(plan: &mut Plan, stack: &Stack) -> Result<Started, Failure> {
    let usher = run_on(stack, 0, child::usher, (&raw mut *plan).cast());
    plan.started.group = usher.map_err(|error| (Step::Clone, error))?;
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
