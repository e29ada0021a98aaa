//! A running program, fed and watched from outside.

use std::{
    io::ErrorKind,
    os::fd::{AsRawFd, OwnedFd},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use super::{
    clock::Clock,
    group::MemoryGroup,
    pipes::{Capture, Ends, Feed},
    place::Place,
    rlimits,
    watch::{Exit, Process},
};
use crate::{Breach, Command, Execution, Limits, Processes, SandboxError, Usage};

/// How often memory is looked at when no control group does.
const SAMPLE: Duration = Duration::from_millis(10);
/// How much of standard error is kept.
const STDERR_BYTES: usize = 64 << 10;
/// What a pipe holds.
const PIPE_BYTES: usize = 64 << 10;

/// A program that was started. Dropping it kills it.
pub struct Running {
    /// `None` for one that the system would not start.
    process: Option<Process>,
    not_started: Option<String>,
    limits: Limits,
    /// Processor time at which the kernel ends the process.
    cpu_ceiling: Duration,
    stdin: Option<Feed>,
    requests: Option<Feed>,
    stdout: Option<Capture>,
    stderr: Option<Capture>,
    results: Option<Capture>,
    clock: Clock,
    cpu_before: Duration,
    /// Processor time of the tree at the last look, where it may start processes.
    tree_cpu: Duration,
    /// The program that this one talks to.
    peer: Option<Peer>,
    broken: Option<Breach>,
    peak: u64,
    /// Looks at it so far; the first come quickly, for programs of few milliseconds.
    ticks: u32,
    processes: Processes,
    grouped: bool,
    // Given back last, after the process is gone.
    place: Place,
}

/// What became of a wait.
struct Polled {
    ended: bool,
    /// Whether the program may have waited for this process to read or write.
    kept_waiting: bool,
}

/// Whether this program and the other one are awake, as each was last seen.
struct Peer {
    awake: Arc<AtomicBool>,
    other: Arc<AtomicBool>,
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.awake.store(false, Ordering::Relaxed);
    }
}

impl Running {
    pub(super) fn new(process: Result<Process, String>, place: Place, command: &Command, ends: Ends) -> Self {
        let limits = &command.limits;
        let capture = |fd: Option<OwnedFd>, cap| fd.map(|fd| Capture::new(fd, cap));
        let (process, not_started) = match process {
            Ok(process) => (Some(process), None),
            Err(reason) => (None, Some(reason)),
        };
        Self {
            process,
            not_started,
            limits: limits.clone(),
            cpu_ceiling: rlimits::cpu_ceiling(command),
            stdin: ends.stdin.map(|(fd, data)| Feed {
                file: fd.into(),
                data: data.to_vec(),
                written: 0,
                end: true,
            }),
            requests: ends.requests.map(|fd| Feed {
                file: fd.into(),
                data: Vec::new(),
                written: 0,
                end: false,
            }),
            stdout: capture(ends.stdout, limits.output_bytes),
            stderr: capture(ends.stderr, STDERR_BYTES),
            results: capture(ends.results, limits.output_bytes),
            clock: Clock::new(),
            cpu_before: Duration::ZERO,
            tree_cpu: Duration::ZERO,
            peer: None,
            broken: None,
            peak: 0,
            ticks: 0,
            processes: command.processes,
            grouped: command.needs_group(),
            place,
        }
    }

    /// Moves data, looks at the limits, and tells whether the program has ended.
    ///
    /// # Errors
    /// [`SandboxError::Cage`] when the system refuses to wait.
    pub fn tick(&mut self) -> Result<bool, SandboxError> {
        if self.process.is_none() {
            return Ok(true);
        }
        let cpu = self.cpu().saturating_sub(self.cpu_before);
        let left = self.limits.wall.saturating_sub(self.counted(cpu));
        let left = left.min(self.limits.cpu.saturating_sub(cpu) / 2);
        self.ticks = self.ticks.saturating_add(1);
        let sample = Duration::from_millis(1 << self.ticks.min(4)).min(SAMPLE);
        let wait = left.clamp(Duration::from_millis(1), sample);
        let Polled { ended, kept_waiting } = self.poll(wait)?;
        if !ended {
            self.peak = self.peak.max(self.process.as_ref().map_or(0, Process::peak));
            self.look(kept_waiting);
        }
        if self.broken.is_none() {
            self.broken = self.broken_limit();
            if self.broken.is_some() {
                self.kill();
            }
        }
        if ended {
            // What is left of its group must not go on filling the pipes.
            self.kill();
            self.drain();
            self.peer = None;
        }
        Ok(ended)
    }

    /// Notes whether the program sleeps. It does not while it waits for this process, or for its peer.
    fn look(&mut self, kept_waiting: bool) {
        let Some(process) = self.process.as_ref().filter(|_| self.clock.is_due()) else { return };
        let glance = process.look(self.processes == Processes::Many);
        self.tree_cpu = self.tree_cpu.max(glance.cpu);
        if let Some(peer) = &self.peer {
            peer.awake.store(glance.awake, Ordering::Relaxed);
        }
        let peer_is_awake = self.peer.as_ref().is_some_and(|peer| peer.other.load(Ordering::Relaxed));
        self.clock.note(!glance.awake && !kept_waiting && !peer_is_awake);
    }

    /// Two programs that talk to each other: neither sleeps while it waits for the other's work.
    pub(super) fn beside(mut self, mut other: Self) -> (Self, Self) {
        let (here, there) = (Arc::new(AtomicBool::new(true)), Arc::new(AtomicBool::new(true)));
        self.peer = Some(Peer { awake: here.clone(), other: there.clone() });
        other.peer = Some(Peer { awake: there, other: here });
        (self, other)
    }

    /// The limit that the program is beyond, the gravest first.
    fn broken_limit(&self) -> Option<Breach> {
        let overflows = |capture: &Option<Capture>| capture.as_ref().is_some_and(|capture| capture.overflow);
        let cpu = self.cpu().saturating_sub(self.cpu_before);
        // Twice is an endless flood; less is a long complaint, of which the start is kept.
        let chatter = self.stderr.as_ref().is_some_and(|capture| capture.seen > self.limits.output_bytes);
        if overflows(&self.stdout) || overflows(&self.results) || chatter {
            Some(Breach::Output)
        } else if self.peak > self.limits.memory_bytes {
            Some(Breach::Memory)
        } else if cpu > self.limits.cpu || self.is_out_of_time(cpu) {
            Some(Breach::Time)
        } else {
            None
        }
    }

    /// Whether the clock ran out, without the time in which others had the processor: a busy machine must
    /// not change a verdict. Ten times the limit is the end in any case.
    fn is_out_of_time(&self, cpu: Duration) -> bool {
        let limit = self.limits.wall;
        self.counted(cpu) > limit || self.clock.elapsed() > limit.saturating_mul(10)
    }

    /// The time that counts against the limit of the clock, after this much processor time.
    fn counted(&self, cpu: Duration) -> Duration {
        self.clock.counted(cpu.max(self.tree_cpu))
    }

    /// The processor time used so far.
    fn cpu(&self) -> Duration {
        self.process.as_ref().map_or(Duration::ZERO, Process::cpu)
    }

    fn poll(&mut self, wait: Duration) -> Result<Polled, SandboxError> {
        let entry = |fd, events| libc::pollfd { fd, events, revents: 0 };
        let reader = |capture: &Option<Capture>| capture.as_ref().map_or(-1, Capture::fd);
        let writer = |feed: &Option<Feed>| feed.as_ref().filter(|feed| feed.wants()).map_or(-1, Feed::fd);
        let mut entries = [
            entry(self.process.as_ref().map_or(-1, |process| process.pidfd.as_raw_fd()), libc::POLLIN),
            entry(reader(&self.stdout), libc::POLLIN),
            entry(reader(&self.stderr), libc::POLLIN),
            entry(reader(&self.results), libc::POLLIN),
            entry(writer(&self.stdin), libc::POLLOUT),
            entry(writer(&self.requests), libc::POLLOUT),
        ];
        let milliseconds = wait.as_millis().max(1) as i32;
        // SAFETY: the array outlives the call; numbers of -1 are ignored.
        let ready = unsafe { libc::poll(entries.as_mut_ptr(), entries.len() as libc::nfds_t, milliseconds) };
        if ready < 0 {
            let error = std::io::Error::last_os_error();
            return match error.kind() {
                ErrorKind::Interrupted => Ok(Polled { ended: false, kept_waiting: false }),
                _ => Err(SandboxError::Cage { step: "poll", source: error }),
            };
        }
        let [ended, stdout, stderr, results, stdin, requests] = entries.map(|entry| entry.revents != 0);
        let seen = |running: &Self| {
            let captures = [&running.stdout, &running.stderr, &running.results].into_iter().flatten();
            captures.map(|capture| capture.seen).sum::<usize>()
        };
        let before = seen(self);
        for (capture, ready) in
            [(&mut self.stdout, stdout), (&mut self.stderr, stderr), (&mut self.results, results)]
        {
            if let Some(capture) = capture.as_mut().filter(|_| ready) {
                capture.read();
            }
        }
        if stdin && self.stdin.as_mut().is_some_and(Feed::write) {
            self.stdin = None;
        }
        if requests && self.requests.as_mut().is_some_and(Feed::write) {
            self.requests = None;
        }
        // It may have found a pipe full, or one empty that was to be filled.
        let kept_waiting = stdin || requests || seen(self) - before >= PIPE_BYTES / 2;
        Ok(Polled { ended, kept_waiting })
    }

    /// Takes what the ended program left in its pipes.
    fn drain(&mut self) {
        for capture in [&mut self.stdout, &mut self.stderr, &mut self.results].into_iter().flatten() {
            while capture.read() {}
        }
        if self.broken.is_none() {
            self.broken = self.broken_limit();
        }
    }

    /// Asks the program something: one line.
    pub fn request(&mut self, mut line: Vec<u8>) {
        line.push(b'\n');
        if let Some(requests) = &mut self.requests {
            requests.data = line;
            requests.written = 0;
        }
    }

    /// The next line of the program's results, if it is there.
    pub fn answer(&mut self) -> Option<Vec<u8>> {
        let results = self.results.as_mut()?;
        let end = results.data.iter().position(|&byte| byte == b'\n')?;
        let mut line: Vec<u8> = results.data.drain(..=end).collect();
        line.pop();
        Some(line)
    }

    /// Starts to count time anew, for the next call, and gives what was used until now.
    pub fn lap(&mut self) -> Usage {
        let cpu = self.cpu();
        let usage = self.usage(cpu);
        self.cpu_before = cpu;
        self.clock = Clock::new();
        usage
    }

    /// The control group, if this program is in one.
    fn group(&self) -> Option<&MemoryGroup> {
        self.place.group.as_ref().filter(|_| self.grouped)
    }

    fn usage(&self, cpu: Duration) -> Usage {
        let peak = self.peak.max(self.group().and_then(MemoryGroup::peak).unwrap_or(0));
        Usage::new(cpu.saturating_sub(self.cpu_before), self.clock.elapsed(), peak >> 10)
    }

    /// Kills the program.
    pub fn kill(&self) {
        if let Some(process) = &self.process {
            process.kill();
        }
    }

    /// The end of a program that has ended or is killed now.
    pub fn finish(mut self) -> Execution {
        self.kill();
        let wall = self.clock.elapsed();
        let Some(process) = &mut self.process else {
            return Execution { not_started: self.not_started.take(), ..Execution::default() };
        };
        let Exit { code, signal, cpu } = process.wait();
        let mut usage = self.usage(cpu);
        usage.wall_ms = Usage::new(cpu, wall, 0).wall_ms;
        let out_of_memory = self.group().is_some_and(MemoryGroup::exceeded);
        let cpu_here = cpu.saturating_sub(self.cpu_before);
        let broken = match self.broken {
            Some(Breach::Output) => self.broken,
            _ if out_of_memory => Some(Breach::Memory),
            None if signal == Some(libc::SIGXCPU) || cpu_here > self.limits.cpu => Some(Breach::Time),
            // The host's own limit ends without a warning.
            None if signal == Some(libc::SIGKILL) && cpu >= self.cpu_ceiling => Some(Breach::Time),
            broken => broken,
        };
        // Compilers end with status 1 when a part of them was killed.
        let broken = broken.filter(|_| self.processes == Processes::One || code != Some(0));
        let data = |capture: Option<Capture>| capture.map(|capture| capture.data).unwrap_or_default();
        Execution {
            stdout: data(self.stdout.take()),
            stderr: data(self.stderr.take()),
            results: data(self.results.take()),
            code,
            signal,
            broken,
            not_started: None,
            usage,
        }
    }
}

impl std::fmt::Debug for Running {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Running").field("broken", &self.broken).finish_non_exhaustive()
    }
}
