//! From a submission and its tests to a verdict.

mod stdio;
mod call;
mod assertion;

use std::io;

use r1_sandbox::{Limits, SandboxError};

use super::{
    Checker, CodeError, Judge, Judgement, Language, TestCase, TestResult, Verdict,
    compile::{self, Source},
};

/// A program to be judged.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Submission {
    /// Its language.
    pub language: Language,
    /// Its source, one file.
    pub source: String,
    /// The version of the language, such as `gnu++17` or `2018`; empty for the table's.
    pub standard: String,
    /// What each test may use.
    pub limits: Limits,
    /// What the compiler may use.
    pub compiler: Limits,
    /// How outputs are compared. For calls, tolerances and free order count, and nothing else.
    pub checker: Checker,
    /// Whether the tests after the first failure are skipped.
    pub stop_at_failure: bool,
}

impl Submission {
    /// A submission with the default limits and checker, on which every test is run.
    pub fn new(language: Language, source: impl Into<String>) -> Self {
        Self {
            language,
            source: source.into(),
            standard: String::new(),
            limits: Limits::default(),
            compiler: Limits::compiler(),
            checker: Checker::default(),
            stop_at_failure: false,
        }
    }

    /// The same with these limits.
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// The same with this checker.
    pub fn with_checker(mut self, checker: Checker) -> Self {
        self.checker = checker;
        self
    }

    /// The same, judged up to the first failure.
    pub fn stopping_at_failure(mut self) -> Self {
        self.stop_at_failure = true;
        self
    }
}

impl Judge {
    /// Judges a submission. It is compiled once; each test of text or assertions is a run of its own,
    /// and calls in a row share one process. Waits while all workers are busy.
    ///
    /// # Errors
    /// [`CodeError`] when nothing is known about the submission: the cage, a toolchain, the tests or
    /// a custom checker failed. A bad submission is no error.
    pub fn judge(&self, submission: &Submission, tests: &[TestCase]) -> Result<Judgement, CodeError> {
        let _permit = self.permit();
        if submission.source.contains('\0') {
            return Ok(Judgement::compile_error("the source contains NUL".into()));
        }
        let source = Source {
            language: submission.language,
            text: &submission.source,
            standard: &submission.standard,
            limits: &submission.compiler,
        };
        let program = match compile::prepare(self, &source)? {
            Ok(program) => program,
            Err(message) => return Ok(Judgement::compile_error(message)),
        };
        let mut results: Vec<TestResult> = Vec::with_capacity(tests.len());
        while let Some(test) = tests.get(results.len()) {
            match test {
                TestCase::Stdio { stdin, stdout } => {
                    results.push(stdio::judge(self, submission, &program, stdin, stdout)?);
                }
                TestCase::Call { .. } => {
                    let rest = &tests[results.len()..];
                    results.extend(call::judge(self, submission, &program, rest)?);
                }
                TestCase::Assert { assert, functions, setup } => {
                    let test = assertion::Assertion { test: assert, functions, setup };
                    results.push(assertion::judge(self, submission, &program, &test)?);
                }
            }
            let failed = results.iter().any(|result| result.verdict != Verdict::Accepted);
            if failed && submission.stop_at_failure {
                break;
            }
        }
        Ok(Judgement::of(results))
    }
}

/// 128 bits that the program cannot know before it is asked.
fn nonce() -> Result<String, CodeError> {
    use io::Read;
    let mut bytes = [0; 16];
    let read = std::fs::File::open("/dev/urandom").and_then(|mut file| file.read_exact(&mut bytes));
    read.map_err(|source| SandboxError::Cage { step: "/dev/urandom", source })?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
