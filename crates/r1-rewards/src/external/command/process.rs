//! One process and what is said to it.

use std::{
    collections::VecDeque,
    env, io,
    path::Path,
    process::{Child, Command, Stdio},
    sync::mpsc::{self, Receiver, RecvTimeoutError, Sender, TryRecvError},
    thread,
    time::{Duration, Instant},
};

use super::{
    children,
    pipes::{self, Event, Shared},
};

/// How often a process that is waited for is looked at: its children may keep its pipes open when it is gone.
const PATROL: Duration = Duration::from_millis(50);
/// How long the last words of a process that ended are waited for.
const LAST_WORDS: Duration = Duration::from_millis(200);

/// What is needed to start a process.
pub(super) struct Launch<'a> {
    pub(super) command: &'a [String],
    pub(super) folder: Option<&'a Path>,
    pub(super) name: &'a str,
}

/// A process that was started. Dropping it kills it with its children.
pub(super) struct Process {
    /// There until it is ended.
    child: Option<Child>,
    requests: Sender<Vec<u8>>,
    events: Receiver<Event>,
    unfinished: Shared<Vec<u8>>,
    errors: Shared<VecDeque<String>>,
    /// Disconnected when standard error has ended.
    errors_open: Receiver<()>,
    /// A line that came too early, and whether a pipe was seen to end.
    early: Option<Vec<u8>>,
    ended: bool,
    answered: bool,
}

/// Why a request got no answer.
pub(super) enum Failure {
    /// The process or one of its pipes ended first.
    Died { how: String },
    /// Nothing but a part of a line came in time.
    TimeLimit { partial: Vec<u8> },
    /// A line was longer than is read.
    TooLong { line: Vec<u8> },
    /// A line came that nothing was asked for, so that it is unknown which one is the answer.
    Unasked { line: Vec<u8> },
}

impl Launch<'_> {
    pub(super) fn start(&self) -> io::Result<Process> {
        let (program, arguments) =
            self.command.split_first().ok_or_else(|| io::Error::other("no program is named"))?;
        let mut command = Command::new(program);
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        if let Some(folder) = self.folder {
            command.current_dir(folder);
        }
        // So that Python's `print` needs no `flush`.
        if env::var_os("PYTHONUNBUFFERED").is_none() {
            command.env("PYTHONUNBUFFERED", "1");
        }
        children::lead_group(&mut command);
        let mut child = command.spawn()?;
        let pipes = (child.stdin.take(), child.stdout.take(), child.stderr.take());

        // Few events, so that a process which writes on and on is held up.
        let (happened, events) = mpsc::sync_channel(2);
        let (requests, asked) = mpsc::channel();
        let (alive, errors_open) = mpsc::sync_channel(0);
        let (unfinished, errors) = (Shared::default(), Shared::default());
        // From here on, leaving early kills the process.
        let process = Process {
            child: Some(child),
            requests,
            events,
            unfinished,
            errors,
            errors_open,
            early: None,
            ended: false,
            answered: false,
        };
        let (Some(stdin), Some(stdout), Some(stderr)) = pipes else {
            return Err(io::Error::other("its pipes are missing"));
        };
        pipes::write_requests(stdin, asked, happened.clone())?;
        pipes::read_lines(stdout, happened, process.unfinished.clone())?;
        pipes::pass_on_errors(stderr, self.name.to_owned(), process.errors.clone(), alive)?;
        Ok(process)
    }
}

impl Process {
    /// Whether it ended since it was asked last.
    pub(super) fn has_ended(&mut self) -> bool {
        self.look(Duration::ZERO);
        self.early.is_none() && (self.ended || self.child.as_mut().is_none_or(children::has_exited))
    }

    /// Waits so long for an event that belongs to no request, and notes it.
    fn look(&mut self, wait: Duration) {
        let event = match wait {
            Duration::ZERO => self.events.try_recv(),
            wait => self.events.recv_timeout(wait).map_err(|error| match error {
                RecvTimeoutError::Timeout => TryRecvError::Empty,
                RecvTimeoutError::Disconnected => TryRecvError::Disconnected,
            }),
        };
        match event {
            Ok(Event::Line(line) | Event::TooLong(line)) => self.early = Some(line),
            Ok(Event::Ended | Event::Unwritten) | Err(TryRecvError::Disconnected) => self.ended = true,
            Err(TryRecvError::Empty) => {}
        }
    }

    /// Sends a request and waits for one line, at most so long.
    pub(super) fn ask(&mut self, request: &[u8], limit: Duration) -> Result<Vec<u8>, Failure> {
        let line = self.exchange(request, limit)?;
        // A program that answers twice does so from the start; later lines of it would look like the answers to
        // later requests. So the first answer is waited after.
        let first = !std::mem::replace(&mut self.answered, true);
        self.look(if first { PATROL } else { Duration::ZERO });
        match self.early.take() {
            Some(line) => Err(Failure::Unasked { line }),
            None => Ok(line),
        }
    }

    fn exchange(&mut self, request: &[u8], limit: Duration) -> Result<Vec<u8>, Failure> {
        if let Some(line) = self.early.take() {
            return Err(Failure::Unasked { line });
        }
        let started = Instant::now();
        // When there is nobody to write it, the events tell why.
        let _ = self.requests.send(request.to_vec());
        // Since when, and why, no answer can come but one that is already on its way.
        let mut hopeless: Option<(Instant, &str)> = None;
        loop {
            let left = limit.saturating_sub(started.elapsed());
            if left.is_zero() {
                return Err(Failure::TimeLimit { partial: pipes::read(&self.unfinished) });
            }
            match self.events.recv_timeout(left.min(PATROL)) {
                Ok(Event::Line(line)) => return Ok(line),
                Ok(Event::TooLong(line)) => return Err(Failure::TooLong { line }),
                Ok(Event::Ended) => return Err(self.died("it closed its standard output")),
                Ok(Event::Unwritten) => {
                    hopeless.get_or_insert((Instant::now(), "it closed its standard input"));
                }
                Err(RecvTimeoutError::Disconnected) => return Err(self.died("it closed its pipes")),
                Err(RecvTimeoutError::Timeout) => {
                    if self.child.as_mut().is_none_or(children::has_exited) {
                        hopeless.get_or_insert((Instant::now(), "it ended"));
                    }
                }
            }
            if let Some((since, why)) = hopeless
                && since.elapsed() >= LAST_WORDS
            {
                return Err(self.died(why));
            }
        }
    }

    /// Ends what is left of it and tells how it ended.
    fn died(&mut self, otherwise: &str) -> Failure {
        let noticed = Instant::now();
        let Some(mut child) = self.child.take() else { return Failure::Died { how: otherwise.to_owned() } };
        let mut exited = children::has_exited(&mut child);
        while !exited && noticed.elapsed() < LAST_WORDS {
            thread::sleep(Duration::from_millis(1));
            exited = children::has_exited(&mut child);
        }
        let status = children::end(child);
        let how = match status {
            Some(status) if exited => status.to_string(),
            _ => otherwise.to_owned(),
        };
        Failure::Died { how }
    }

    /// The end of its standard error for a message, after a colon; empty when it wrote none. Ends the process.
    pub(super) fn complaint(&mut self) -> String {
        if let Some(child) = self.child.take() {
            children::end(child);
        }
        // Nothing is ever sent: this waits until its standard error ends, which a stray child may keep open.
        let _ = self.errors_open.recv_timeout(LAST_WORDS);
        let lines: Vec<String> = pipes::read(&self.errors).into();
        if lines.is_empty() {
            String::new()
        } else {
            format!("; its standard error ends with: {}", lines.join(" / "))
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if let Some(child) = self.child.take() {
            children::end(child);
        }
    }
}
