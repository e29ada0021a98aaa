//! What came of a program.

use std::{fmt, time::Duration};

use serde::{Deserialize, Serialize};

/// A limit that a program broke.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Breach {
    /// Processor time, or time on the clock that it did not spend waiting for a processor.
    Time,
    /// Resident memory.
    Memory,
    /// Output.
    Output,
}

impl fmt::Display for Breach {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Time => "time limit exceeded",
            Self::Memory => "memory limit exceeded",
            Self::Output => "output limit exceeded",
        })
    }
}

/// How a program ended.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Execution {
    /// Standard output, up to the limit; empty when it was not kept.
    pub stdout: Vec<u8>,
    /// The start of standard error.
    pub stderr: Vec<u8>,
    /// What the program wrote to its result descriptor.
    pub results: Vec<u8>,
    /// The exit status, when it ended by itself.
    pub code: Option<i32>,
    /// The signal that ended it.
    pub signal: Option<i32>,
    /// The limit it broke, if any.
    pub broken: Option<Breach>,
    /// Why the system would not start it: no program by its format, or an interpreter that is missing.
    pub not_started: Option<String>,
    /// What it used.
    pub usage: Usage,
}

impl Execution {
    /// Whether it ended by itself with status 0 and within its limits.
    pub fn is_clean(&self) -> bool {
        self.broken.is_none() && self.code == Some(0)
    }

    /// How it ended, in a few words; empty for exit status 0.
    pub fn detail(&self) -> String {
        if let Some(reason) = &self.not_started {
            return format!("not started: {reason}");
        }
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

/// What a run used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Usage {
    /// Processor time in milliseconds.
    pub cpu_ms: f64,
    /// Time on the clock in milliseconds.
    pub wall_ms: f64,
    /// Highest resident memory seen, in KiB. Without a memory control group it is sampled, so that a run
    /// of a few milliseconds may show less than it used.
    pub peak_kib: u64,
}

impl Usage {
    pub(crate) fn new(cpu: Duration, wall: Duration, peak_kib: u64) -> Self {
        let ms = |time: Duration| (time.as_secs_f64() * 1e6).round() / 1e3;
        Self { cpu_ms: ms(cpu), wall_ms: ms(wall), peak_kib }
    }
}
