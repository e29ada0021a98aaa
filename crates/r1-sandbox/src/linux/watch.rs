//! What can be seen of a running process from outside.

use std::{
    fs, io,
    os::fd::{FromRawFd, OwnedFd},
    thread,
    time::{Duration, Instant},
};

use libc::c_int;

use super::{
    glance::{self, Glance},
    plan::Started,
};

/// A started process that has not been waited for. It is killed and reaped when dropped.
#[derive(Debug)]
pub(super) struct Process {
    pid: c_int,
    started: Started,
    /// Readable once the process has ended.
    pub(super) pidfd: OwnedFd,
    exit: Option<Exit>,
}

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Exit {
    /// Its exit status, when it ended by itself.
    pub(super) code: Option<i32>,
    /// The signal that ended it.
    pub(super) signal: Option<i32>,
    /// The processor time it used.
    pub(super) cpu: Duration,
}

impl Process {
    /// Watches a program that was just started.
    pub(super) fn new(started: Started) -> io::Result<Self> {
        let pid = started.program;
        // SAFETY: `pid` is our child and not reaped, so the number is its own.
        let fd = unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) };
        if fd < 0 {
            let error = io::Error::last_os_error();
            end(started);
            let _ = reap(pid);
            let _ = reap(started.supervisor);
            return Err(error);
        }
        // SAFETY: the call made the descriptor, which nobody else has.
        let pidfd = unsafe { OwnedFd::from_raw_fd(fd as c_int) };
        Ok(Self { pid, started, pidfd, exit: None })
    }

    /// Kills the program with all that it started.
    pub(super) fn kill(&self) {
        if self.exit.is_none() {
            end(self.started);
        }
    }

    /// The processor time used so far.
    pub(super) fn cpu(&self) -> Duration {
        if let Some(exit) = self.exit {
            return exit.cpu;
        }
        // The number of a process's clock, as `clock_getcpuclockid` makes it.
        let clock = (!self.pid << 3) | 2;
        let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        // SAFETY: writes one timespec.
        match unsafe { libc::clock_gettime(clock, &mut time) } {
            0 => Duration::new(time.tv_sec.max(0) as u64, time.tv_nsec.max(0) as u32),
            _ => Duration::ZERO,
        }
    }

    /// The highest resident memory so far, in bytes; 0 once it has ended.
    pub(super) fn peak(&self) -> u64 {
        let folder = format!("/proc/{}", self.pid);
        high_water(&folder).unwrap_or_else(|| {
            // The first thread has ended; the others share the memory and tell.
            let tasks = fs::read_dir(format!("{folder}/task")).into_iter().flatten().flatten();
            tasks.filter_map(|task| high_water(&task.path().to_string_lossy())).max().unwrap_or(0)
        })
    }

    /// A look at its threads or, where it may start processes, at its tree.
    pub(super) fn look(&self, tree: bool) -> Glance {
        glance::look(self.pid, tree.then_some(self.started.supervisor))
    }

    /// Waits for the end and kills what is left.
    pub(super) fn wait(&mut self) -> Exit {
        if let Some(exit) = self.exit {
            return exit;
        }
        // SAFETY: plain data that the call fills; it leaves the process unreaped, so that its numbers
        // cannot be another's when the rest is killed.
        unsafe {
            let mut info: libc::siginfo_t = std::mem::zeroed();
            while libc::waitid(libc::P_PID, self.pid as u32, &mut info, libc::WEXITED | libc::WNOWAIT) == -1
                && *libc::__errno_location() == libc::EINTR
            {}
        }
        end(self.started);
        // The supervisor of a namespace stays until the last process in it is reaped.
        let (status, usage) = reap(self.pid);
        if self.started.supervisor > 0 {
            let _ = reap(self.started.supervisor);
        }
        vanish(self.started.group);
        let time = |time: libc::timeval| {
            Duration::new(time.tv_sec.max(0) as u64, (time.tv_usec.max(0) as u32).saturating_mul(1000))
        };
        let exit = Exit {
            code: libc::WIFEXITED(status).then(|| libc::WEXITSTATUS(status)),
            signal: libc::WIFSIGNALED(status).then(|| libc::WTERMSIG(status)),
            cpu: time(usage.ru_utime) + time(usage.ru_stime),
        };
        self.exit = Some(exit);
        exit
    }
}

/// Kills the group, the program, and the supervisor, with which a namespace ends.
fn end(started: Started) {
    let Started { group, supervisor, program } = started;
    for target in [-group, program, supervisor].into_iter().filter(|&target| target != 0) {
        // SAFETY: none of them is reaped, so that the numbers are theirs, as processes and as a group.
        unsafe { libc::kill(target, libc::SIGKILL) };
    }
}

/// Waits until the killed processes of a group are gone, whom another process reaps: until then they count
/// against the user that the next program gets. Never long, because they may be left for good where nobody reaps.
fn vanish(group: c_int) {
    const LONGEST: Duration = Duration::from_secs(2);
    let start = Instant::now();
    // SAFETY: signal 0 asks only whether there is a process of this group.
    while unsafe { libc::kill(-group, 0) } == 0 && start.elapsed() < LONGEST {
        thread::sleep(Duration::from_millis(1));
    }
}

/// Waits for a child and gives its status and what it used.
fn reap(pid: c_int) -> (c_int, libc::rusage) {
    // SAFETY: plain data that the call fills.
    unsafe {
        let (mut status, mut usage) = (0, std::mem::zeroed());
        while libc::wait4(pid, &mut status, 0, &mut usage) == -1 && *libc::__errno_location() == libc::EINTR {
        }
        (status, usage)
    }
}

/// The highest resident memory of a process or thread that has not ended, in bytes.
fn high_water(folder: &str) -> Option<u64> {
    let status = fs::read_to_string(format!("{folder}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.split_whitespace().next()?.parse::<u64>().ok()? << 10)
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
        self.wait();
    }
}
