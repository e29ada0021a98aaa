//! What is run in the cage, and what came of it.

use std::{path::PathBuf, sync::Arc, time::Duration};

use crate::code::{Limits, Usage, Verdict};

/// What kind of program it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// A compiler: may start processes and write into its box.
    Compile,
    /// A program under test: one process.
    Run,
}

/// A program to run once.
#[derive(Debug, Clone)]
pub(crate) struct Job {
    pub(crate) program: PathBuf,
    pub(crate) arguments: Vec<String>,
    /// Folders outside of the system's that the program needs.
    pub(crate) exposed: Vec<PathBuf>,
    /// Files of its box: name and content.
    pub(crate) files: Vec<(String, Arc<[u8]>)>,
    pub(crate) limits: Limits,
    pub(crate) stage: Stage,
    /// Whether the address space may be limited; node reserves far more than it uses.
    pub(crate) limit_address_space: bool,
    /// Processor time of the whole process, when `limits.cpu` is that of one call.
    pub(crate) total_cpu: Option<Duration>,
    /// Standard input.
    pub(crate) stdin: Arc<[u8]>,
    /// Keeps standard output; otherwise it goes nowhere.
    pub(crate) keep_stdout: bool,
    pub(crate) channel: Channel,
}

impl Job {
    /// Whether it belongs into a control group. To enter one costs milliseconds, and where there is one
    /// process, the limit of its address space bounds memory as well.
    #[cfg(target_os = "linux")]
    pub(crate) fn needs_group(&self) -> bool {
        self.stage == Stage::Compile || !self.limit_address_space
    }
}

/// Descriptors 3 and 4 of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Channel {
    /// None.
    Closed,
    /// The parent writes to 3 and reads from 4.
    Parent,
    /// Another program does; the parent reads what is written to 5.
    Peer,
}

/// How a run ended.
#[derive(Debug, Clone, Default)]
pub(crate) struct Run {
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: Vec<u8>,
    /// What the program wrote to its result descriptor.
    pub(crate) results: Vec<u8>,
    pub(crate) code: Option<i32>,
    pub(crate) signal: Option<i32>,
    /// The limit it broke, if any.
    pub(crate) broken: Option<Verdict>,
    pub(crate) usage: Usage,
}

/// What runtimes write when they cannot get memory. A program that fakes it earns another kind of zero.
const OUT_OF_MEMORY: [&str; 5] =
    ["MemoryError", "std::bad_alloc", "memory allocation of", "heap out of memory", "Cannot allocate memory"];

impl Run {
    /// The verdict, as far as it can be told without looking at the output: `None` for a clean end.
    pub(crate) fn verdict(&self) -> Option<Verdict> {
        if self.broken.is_some() || self.code == Some(0) {
            return self.broken;
        }
        let stderr = String::from_utf8_lossy(&self.stderr);
        if OUT_OF_MEMORY.iter().any(|mark| stderr.contains(mark)) {
            return Some(Verdict::MemoryLimit);
        }
        Some(Verdict::RuntimeError)
    }

    /// How it ended, in a few words.
    pub(crate) fn detail(&self) -> String {
        let ending = match (self.code, self.signal) {
            (Some(0), _) => return String::new(),
            (Some(code), _) => format!("exit status {code}"),
            (_, Some(signal)) => format!("signal {signal}"),
            _ => "no exit status".to_owned(),
        };
        let stderr = String::from_utf8_lossy(&self.stderr);
        match stderr.trim_end().lines().next_back() {
            Some(line) => format!("{ending}: {}", line.chars().take(200).collect::<String>()),
            None => ending,
        }
    }
}
