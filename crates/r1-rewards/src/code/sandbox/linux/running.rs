//! A running program, fed and watched from outside.

use std::{
    fs::File,
    io::{ErrorKind, Read, Write},
    os::fd::{AsRawFd, OwnedFd},
    sync::Arc,
    time::{Duration, Instant},
};

use super::{
    Slot,
    group::MemoryGroup,
    watch::{Exit, Process},
};
use crate::code::{
    Limits, SandboxError, Usage, Verdict,
    sandbox::{Job, Run, Stage},
};

/// How often memory is looked at when no control group does.
const SAMPLE: Duration = Duration::from_millis(10);
/// How much of standard error is kept.
const STDERR_BYTES: usize = 64 << 10;

/// A program that was started. Dropping it kills it.
pub(crate) struct Running {
    process: Process,
    limits: Limits,
    stdin: Option<Feed>,
    requests: Option<Feed>,
    stdout: Option<Capture>,
    stderr: Option<Capture>,
    results: Option<Capture>,
    started: Instant,
    cpu_before: Duration,
    broken: Option<Verdict>,
    peak: u64,
    /// Looks at it so far; the first come quickly, for programs of few milliseconds.
    ticks: u32,
    stage: Stage,
    grouped: bool,
    // Given back last, after the process is gone.
    slot: Slot,
}

/// The parent's ends of a program's pipes.
#[derive(Default)]
pub(super) struct Ends {
    pub(super) stdin: Option<(OwnedFd, Arc<[u8]>)>,
    pub(super) requests: Option<OwnedFd>,
    pub(super) stdout: Option<OwnedFd>,
    pub(super) stderr: Option<OwnedFd>,
    pub(super) results: Option<OwnedFd>,
}

impl Running {
    pub(super) fn new(process: Process, slot: Slot, job: &Job, ends: Ends) -> Self {
        let limits = &job.limits;
        let capture = |fd: Option<OwnedFd>, cap| fd.map(|fd| Capture::new(fd, cap));
        Self {
            process,
            limits: limits.clone(),
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
            started: Instant::now(),
            cpu_before: Duration::ZERO,
            broken: None,
            peak: 0,
            ticks: 0,
            stage: job.stage,
            grouped: job.needs_group(),
            slot,
        }
    }

    /// Moves data, looks at the limits, and tells whether the program has ended.
    pub(crate) fn tick(&mut self) -> Result<bool, SandboxError> {
        let wall = self.started.elapsed();
        let cpu = self.process.cpu().saturating_sub(self.cpu_before);
        let left = self.limits.wall.saturating_sub(wall).min(self.limits.cpu.saturating_sub(cpu) / 2);
        self.ticks = self.ticks.saturating_add(1);
        let sample = Duration::from_millis(1 << self.ticks.min(4)).min(SAMPLE);
        let wait = left.clamp(Duration::from_millis(1), sample);
        let ended = self.poll(wait)?;
        if !ended {
            self.peak = self.peak.max(self.process.peak());
        }
        if self.broken.is_none() {
            self.broken = self.broken_limit();
            if self.broken.is_some() {
                self.process.kill();
            }
        }
        if ended {
            // What is left of its group must not go on filling the pipes.
            self.process.kill();
            self.drain();
        }
        Ok(ended)
    }

    /// The limit that the program is beyond, the gravest first.
    fn broken_limit(&self) -> Option<Verdict> {
        let overflows = |capture: &Option<Capture>| capture.as_ref().is_some_and(|capture| capture.overflow);
        let cpu = self.process.cpu().saturating_sub(self.cpu_before);
        // Twice is an endless flood; less is a long complaint, of which the start is kept.
        let chatter = self.stderr.as_ref().is_some_and(|capture| capture.seen > self.limits.output_bytes);
        if overflows(&self.stdout) || overflows(&self.results) || chatter {
            Some(Verdict::OutputLimit)
        } else if self.peak > self.limits.memory_bytes {
            Some(Verdict::MemoryLimit)
        } else if cpu > self.limits.cpu || self.started.elapsed() > self.limits.wall {
            Some(Verdict::TimeLimit)
        } else {
            None
        }
    }

    fn poll(&mut self, wait: Duration) -> Result<bool, SandboxError> {
        let entry = |fd, events| libc::pollfd { fd, events, revents: 0 };
        let reader = |capture: &Option<Capture>| capture.as_ref().map_or(-1, Capture::fd);
        let writer = |feed: &Option<Feed>| feed.as_ref().filter(|feed| feed.wants()).map_or(-1, Feed::fd);
        let mut entries = [
            entry(self.process.pidfd.as_raw_fd(), libc::POLLIN),
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
                ErrorKind::Interrupted => Ok(false),
                _ => Err(SandboxError::Cage { step: "poll", source: error }),
            };
        }
        let [ended, stdout, stderr, results, stdin, requests] = entries.map(|entry| entry.revents != 0);
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
        Ok(ended)
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
    pub(crate) fn request(&mut self, mut line: Vec<u8>) {
        line.push(b'\n');
        if let Some(requests) = &mut self.requests {
            requests.data = line;
            requests.written = 0;
        }
    }

    /// The next line of the program's results, if it is there.
    pub(crate) fn answer(&mut self) -> Option<Vec<u8>> {
        let results = self.results.as_mut()?;
        let end = results.data.iter().position(|&byte| byte == b'\n')?;
        let mut line: Vec<u8> = results.data.drain(..=end).collect();
        line.pop();
        Some(line)
    }

    /// Starts to count time anew, for the next call, and gives what was used until now.
    pub(crate) fn lap(&mut self) -> Usage {
        let cpu = self.process.cpu();
        let usage = self.usage(cpu);
        self.cpu_before = cpu;
        self.started = Instant::now();
        usage
    }

    /// The control group, if this program is in one.
    fn group(&self) -> Option<&MemoryGroup> {
        self.slot.group.as_ref().filter(|_| self.grouped)
    }

    fn usage(&self, cpu: Duration) -> Usage {
        let peak = self.peak.max(self.group().and_then(MemoryGroup::peak).unwrap_or(0));
        Usage::new(cpu.saturating_sub(self.cpu_before), self.started.elapsed(), peak >> 10)
    }

    /// Kills the program.
    pub(crate) fn kill(&self) {
        self.process.kill();
    }

    /// The end of a program that has ended or is killed now.
    pub(crate) fn finish(mut self) -> Run {
        self.process.kill();
        let wall = self.started.elapsed();
        let Exit { code, signal, cpu } = self.process.wait();
        let mut usage = self.usage(cpu);
        usage.wall_ms = Usage::new(cpu, wall, 0).wall_ms;
        let out_of_memory = self.group().is_some_and(MemoryGroup::exceeded);
        let cpu_here = cpu.saturating_sub(self.cpu_before);
        let broken = match self.broken {
            Some(Verdict::OutputLimit) => self.broken,
            _ if out_of_memory => Some(Verdict::MemoryLimit),
            None if signal == Some(libc::SIGXCPU) || cpu_here > self.limits.cpu => Some(Verdict::TimeLimit),
            broken => broken,
        };
        // Compilers end with status 1 when a part of them was killed.
        let broken = broken.filter(|_| self.stage == Stage::Run || code != Some(0));
        let data = |capture: Option<Capture>| capture.map(|capture| capture.data).unwrap_or_default();
        Run {
            stdout: data(self.stdout.take()),
            stderr: data(self.stderr.take()),
            results: data(self.results.take()),
            code,
            signal,
            broken,
            usage,
        }
    }
}

/// Data on its way into a program.
struct Feed {
    file: File,
    data: Vec<u8>,
    written: usize,
    /// Whether to close when all is written.
    end: bool,
}

impl Feed {
    fn fd(&self) -> i32 {
        self.file.as_raw_fd()
    }

    fn wants(&self) -> bool {
        self.end || self.written < self.data.len()
    }

    /// Writes what fits; true when the pipe is to be closed.
    fn write(&mut self) -> bool {
        while let Some(rest) = self.data.get(self.written..).filter(|rest| !rest.is_empty()) {
            match self.file.write(rest) {
                Ok(0) => return true,
                Ok(count) => self.written += count,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return error.kind() != ErrorKind::WouldBlock,
            }
        }
        self.end
    }
}

/// Data on its way out of a program, of which no more than a limit is kept.
struct Capture {
    file: File,
    data: Vec<u8>,
    cap: usize,
    seen: usize,
    overflow: bool,
    open: bool,
}

impl Capture {
    fn new(fd: OwnedFd, cap: usize) -> Self {
        Self { file: fd.into(), data: Vec::new(), cap, seen: 0, overflow: false, open: true }
    }

    fn fd(&self) -> i32 {
        if self.open { self.file.as_raw_fd() } else { -1 }
    }

    /// Reads what is there, once; true when there may be more.
    fn read(&mut self) -> bool {
        let mut buffer = [0; 64 << 10];
        if !self.open {
            return false;
        }
        match self.file.read(&mut buffer) {
            Ok(0) => self.open = false,
            Ok(count) => {
                let room = self.cap.saturating_sub(self.data.len()).min(count);
                self.data.extend_from_slice(&buffer[..room]);
                self.seen = self.seen.saturating_add(count);
                self.overflow |= room < count;
                return true;
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => return true,
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(_) => self.open = false,
        }
        false
    }
}
