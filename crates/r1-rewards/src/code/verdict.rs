//! What became of a program.

use std::fmt;

use r1_sandbox::{Breach, Execution, Usage};
use serde::{Deserialize, Serialize};

/// The result of one test, or of all of them.
///
/// A run that breaks several rules gets the first of OLE, MLE, TLE, RE and WA.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Verdict {
    /// Accepted.
    #[serde(rename = "AC")]
    Accepted,
    /// Wrong answer.
    #[serde(rename = "WA")]
    WrongAnswer,
    /// Time limit exceeded, of the processor or the clock.
    #[serde(rename = "TLE")]
    TimeLimit,
    /// Memory limit exceeded.
    #[serde(rename = "MLE")]
    MemoryLimit,
    /// Run-time error: a signal, a non-zero exit status, an exception, or no result at all.
    #[serde(rename = "RE")]
    RuntimeError,
    /// Compilation error.
    #[serde(rename = "CE")]
    CompileError,
    /// Output limit exceeded.
    #[serde(rename = "OLE")]
    OutputLimit,
    /// Internal error: nothing is known about the program, and no reward comes of it.
    #[serde(rename = "IE")]
    InternalError,
}

impl Verdict {
    /// The two or three letters judges use.
    pub fn code(self) -> &'static str {
        match self {
            Self::Accepted => "AC",
            Self::WrongAnswer => "WA",
            Self::TimeLimit => "TLE",
            Self::MemoryLimit => "MLE",
            Self::RuntimeError => "RE",
            Self::CompileError => "CE",
            Self::OutputLimit => "OLE",
            Self::InternalError => "IE",
        }
    }
}

impl From<Breach> for Verdict {
    fn from(breach: Breach) -> Self {
        match breach {
            Breach::Time => Self::TimeLimit,
            Breach::Memory => Self::MemoryLimit,
            Breach::Output => Self::OutputLimit,
        }
    }
}

/// What runtimes write when they cannot get memory. A program that fakes it earns another kind of zero.
const OUT_OF_MEMORY: [&str; 6] = [
    "MemoryError",
    "std::bad_alloc",
    "memory allocation of",
    "heap out of memory",
    "Cannot allocate memory",
    "java.lang.OutOfMemoryError",
];

/// The verdict, as far as it can be told without looking at the output: `None` for a clean end.
pub(super) fn of_run(run: &Execution) -> Option<Verdict> {
    if let Some(breach) = run.broken {
        return Some(breach.into());
    }
    if run.code == Some(0) {
        return None;
    }
    let stderr = String::from_utf8_lossy(&run.stderr);
    let out_of_memory = OUT_OF_MEMORY.iter().any(|mark| stderr.contains(mark));
    Some(if out_of_memory { Verdict::MemoryLimit } else { Verdict::RuntimeError })
}

impl fmt::Display for Verdict {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.code())
    }
}

/// One test's verdict.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TestResult {
    /// What became of it.
    pub verdict: Verdict,
    /// What it used.
    #[serde(flatten)]
    pub usage: Usage,
    /// Why, in one line; never what was expected.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub detail: String,
}

/// What became of a submission.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Judgement {
    /// AC when every test is, else the verdict of the first that is not.
    pub verdict: Verdict,
    /// One result a test, in order; shorter than the tests when judging stopped at the first failure.
    pub tests: Vec<TestResult>,
    /// What the compiler said, when it refused.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub message: String,
}

impl Judgement {
    pub(super) fn of(tests: Vec<TestResult>) -> Self {
        let failed = tests.iter().find(|test| test.verdict != Verdict::Accepted);
        let verdict = match failed {
            Some(test) => test.verdict,
            None if tests.is_empty() => Verdict::InternalError,
            None => Verdict::Accepted,
        };
        Self { verdict, tests, message: String::new() }
    }

    pub(super) fn compile_error(message: String) -> Self {
        Self { verdict: Verdict::CompileError, tests: Vec::new(), message }
    }
}
