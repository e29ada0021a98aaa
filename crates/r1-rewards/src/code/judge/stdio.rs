//! Tests by text: what goes in, what comes out.

use std::sync::Arc;

use super::Submission;
use crate::code::{
    Checker, Language, Limits, Sandbox, SandboxError, TestResult, Verdict,
    compile::{self, Program},
    sandbox::Run,
};

pub(super) fn judge(
    sandbox: &Sandbox,
    submission: &Submission,
    program: &Program,
    stdin: &str,
    expected: &str,
) -> Result<TestResult, SandboxError> {
    let input: Arc<[u8]> = stdin.as_bytes().into();
    let run = sandbox.run(&program.job(&submission.limits, input.clone())?)?;
    let (verdict, detail) = match run.verdict() {
        Some(verdict) => (verdict, run.detail()),
        None if accepts(sandbox, &submission.checker, &input, &run, expected)? => {
            (Verdict::Accepted, String::new())
        }
        None => (Verdict::WrongAnswer, String::new()),
    };
    Ok(TestResult { verdict, usage: run.usage, detail })
}

fn accepts(
    sandbox: &Sandbox,
    checker: &Checker,
    input: &Arc<[u8]>,
    run: &Run,
    expected: &str,
) -> Result<bool, SandboxError> {
    if let Some(accepted) = checker.accepts(&run.stdout, expected.as_bytes()) {
        return Ok(accepted);
    }
    let Checker::Custom { language, source } = checker else { return Ok(false) };
    custom(sandbox, *language, source, [input.clone(), run.stdout.clone().into(), expected.as_bytes().into()])
}

/// Runs a checker of testlib's kind in a cage of its own.
fn custom(
    sandbox: &Sandbox,
    language: Language,
    source: &str,
    files: [Arc<[u8]>; 3],
) -> Result<bool, SandboxError> {
    let failed = |reason: String| SandboxError::Checker { reason };
    let program = compile::prepare(sandbox, language, source)?.map_err(failed)?;
    let mut job = program.job(&Limits::default(), Arc::default())?;
    for (name, content) in ["input.txt", "output.txt", "answer.txt"].into_iter().zip(files) {
        job.files.push((name.to_owned(), content));
        job.arguments.push(name.to_owned());
    }
    let run = sandbox.run(&job)?;
    match (run.broken, run.code) {
        (None, Some(0)) => Ok(true),
        (None, Some(1 | 2)) => Ok(false),
        (broken, _) => Err(failed(broken.map_or_else(|| run.detail(), |broken| format!("it got {broken}")))),
    }
}
