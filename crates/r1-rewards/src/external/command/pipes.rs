//! Threads at the ends of a process's pipes, so that neither side waits for the other.

use std::{
    collections::VecDeque,
    io::{self, Read, Write},
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{Receiver, SyncSender},
    },
    thread,
};

use crate::external::printable::beginning;

/// A longer line is refused.
pub(super) const LONGEST_LINE: usize = 4 << 20;
/// So many lines of standard error are kept for messages, and so many characters of each.
const KEPT_LINES: usize = 12;
const KEPT_CHARACTERS: usize = 300;

/// What happened at a pipe.
pub(super) enum Event {
    /// A line of standard output, without its line feed.
    Line(Vec<u8>),
    /// A line of standard output that is longer than [`LONGEST_LINE`]: how it begins. Nothing more is read.
    TooLong(Vec<u8>),
    /// Standard output ended.
    Ended,
    /// A request could not be written to the end, because standard input was closed.
    Unwritten,
}

/// What a thread leaves for others to read.
pub(super) type Shared<T> = Arc<Mutex<T>>;

/// What is shared, even when a thread panicked that had it.
pub(super) fn read<T: Clone>(shared: &Shared<T>) -> T {
    shared.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> io::Result<()> {
    thread::Builder::new().name(format!("r1-reward-{name}")).spawn(work).map(drop)
}

/// Writes each request as it comes. Ends with the pipe or with the requests' sender.
pub(super) fn write_requests(
    mut pipe: impl Write + Send + 'static,
    requests: Receiver<Vec<u8>>,
    events: SyncSender<Event>,
) -> io::Result<()> {
    spawn("stdin", move || {
        for request in requests {
            if pipe.write_all(&request).and_then(|()| pipe.flush()).is_err() {
                // Nobody listens any more when the process was given up.
                let _ = events.send(Event::Unwritten);
                break;
            }
        }
    })
}

/// Reads lines, and keeps how an unfinished one begins. Ends with the pipe or with the events' receiver.
pub(super) fn read_lines(
    mut pipe: impl Read + Send + 'static,
    events: SyncSender<Event>,
    unfinished: Shared<Vec<u8>>,
) -> io::Result<()> {
    spawn("stdout", move || {
        let (mut line, mut buffer) = (Vec::new(), vec![0; 1 << 16]);
        loop {
            let read = match pipe.read(&mut buffer) {
                Ok(0) => break,
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(_) => break,
            };
            for piece in buffer[..read].split_inclusive(|&byte| byte == b'\n') {
                line.extend_from_slice(piece);
                if line.len() > LONGEST_LINE {
                    line.truncate(4 * KEPT_CHARACTERS);
                    let _ = events.send(Event::TooLong(line));
                    return;
                }
                if line.pop_if(|last| *last == b'\n').is_some()
                    && events.send(Event::Line(std::mem::take(&mut line))).is_err()
                {
                    return;
                }
            }
            let kept = line.len().min(4 * KEPT_CHARACTERS);
            *unfinished.lock().unwrap_or_else(PoisonError::into_inner) = line[..kept].to_vec();
        }
        // A last line without a line feed is whole when it is JSON: an object ends with its bracket.
        if serde_json::from_slice::<serde::de::IgnoredAny>(&line).is_ok() {
            let _ = events.send(Event::Line(line));
        }
        let _ = events.send(Event::Ended);
    })
}

/// Passes each line on to our standard error with a name before it, and keeps the last few. `alive` is dropped at the
/// end.
pub(super) fn pass_on_errors(
    mut pipe: impl Read + Send + 'static,
    name: String,
    kept: Shared<VecDeque<String>>,
    alive: SyncSender<()>,
) -> io::Result<()> {
    spawn("stderr", move || {
        let _alive = alive;
        let (mut line, mut buffer) = (Vec::new(), [0; 1 << 12]);
        let pass_on = |line: &mut Vec<u8>| {
            let text = beginning(line, KEPT_CHARACTERS);
            line.clear();
            if text.is_empty() {
                return;
            }
            // Whether anybody reads our standard error is not the reward's trouble.
            let _ = io::stderr().write_all(format!("[{name}] {text}\n").as_bytes());
            let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
            kept.push_back(text);
            if kept.len() > KEPT_LINES {
                kept.pop_front();
            }
        };
        loop {
            let read = match pipe.read(&mut buffer) {
                Ok(0) => break,
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(_) => break,
            };
            for piece in buffer[..read].split_inclusive(|&byte| byte == b'\n') {
                // What is not shown need not be kept.
                let room = (8 * KEPT_CHARACTERS).saturating_sub(line.len()).min(piece.len());
                line.extend_from_slice(&piece[..room]);
                if piece.ends_with(b"\n") {
                    pass_on(&mut line);
                }
            }
        }
        pass_on(&mut line);
    })
}
