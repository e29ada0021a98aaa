//! Tests by calls: a driver calls the function, this process compares.

use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::{Submission, nonce};
use crate::code::{
    Checker, Language, Sandbox, SandboxError, TestCase, TestResult, Verdict,
    compile::Program,
    sandbox::{Channel, Running},
    value::{Equality, decode, encode, is_rounded},
};

/// What a driver writes for a call.
#[derive(Deserialize)]
struct Record {
    n: String,
    #[serde(default)]
    r: Json,
    e: Option<String>,
    #[serde(default)]
    m: String,
}

/// Judges the calls at the start of `tests`, in one process, until there is none, or one that the
/// process does not survive.
pub(super) fn judge(
    sandbox: &Sandbox,
    submission: &Submission,
    program: &Program,
    tests: &[TestCase],
) -> Result<Vec<TestResult>, SandboxError> {
    let driver = driver(program.language())?;
    let calls: Vec<_> = tests
        .iter()
        .map_while(|test| match test {
            TestCase::Call { call, args, returns } => Some((call, args, returns)),
            _ => None,
        })
        .collect();
    let equality = equality(&submission.checker);
    for (call, args, returns) in &calls {
        if args.iter().any(is_rounded) || (equality.tolerance.is_none() && is_rounded(returns)) {
            let reason = format!(
                "a number beyond 64 bits in a test of `{call}` has lost digits; assert it, or compare texts"
            );
            return Err(SandboxError::Tests { reason });
        }
    }
    let mut job = program.driven(&submission.limits, driver)?;
    job.channel = Channel::Parent;
    job.total_cpu = Some(submission.limits.cpu.saturating_mul(calls.len() as u32));
    let mut running = sandbox.start(&job)?;
    let mut results = Vec::new();
    for (call, args, returns) in calls {
        let nonce = nonce()?;
        let request = json!({"n": nonce, "f": call, "a": args.iter().map(encode).collect::<Vec<_>>()});
        running.request(request.to_string().into_bytes());
        let Some(line) = answer(&mut running)? else {
            let run = running.finish();
            // A clean end is no answer either.
            let verdict = run.verdict().unwrap_or(Verdict::RuntimeError);
            let detail = if run.code == Some(0) { "ended without an answer".into() } else { run.detail() };
            results.push(TestResult { verdict, usage: run.usage, detail });
            return Ok(results);
        };
        let usage = running.lap();
        let (verdict, detail) = grade(&line, &nonce, equality, returns);
        results.push(TestResult { verdict, usage, detail });
        if verdict != Verdict::Accepted && submission.stop_at_failure {
            break;
        }
    }
    drop(running.finish());
    Ok(results)
}

/// Waits for a line; `None` when the program ended or broke a limit before.
fn answer(running: &mut Running) -> Result<Option<Vec<u8>>, SandboxError> {
    loop {
        let ended = running.tick()?;
        let answer = running.answer();
        if ended || answer.is_some() {
            return Ok(answer);
        }
    }
}

fn grade(line: &[u8], nonce: &str, equality: Equality, expected: &Json) -> (Verdict, String) {
    let failed = |text: &str| (Verdict::RuntimeError, text.to_owned());
    let Ok(record) = serde_json::from_slice::<Record>(line) else { return failed("no record") };
    if record.n != nonce {
        return failed("a record of its own");
    }
    if let Some(kind) = record.e {
        let out_of_memory = kind == "MemoryError";
        let verdict = if out_of_memory { Verdict::MemoryLimit } else { Verdict::RuntimeError };
        return (verdict, format!("{kind}: {}", record.m).chars().take(200).collect());
    }
    match decode(&record.r) {
        Some(value) if equality.holds(&value, expected) => (Verdict::Accepted, String::new()),
        Some(_) => (Verdict::WrongAnswer, String::new()),
        None => failed("no value"),
    }
}

fn equality(checker: &Checker) -> Equality {
    let tolerance = match checker {
        Checker::Floats { absolute, relative } => Some((*absolute, *relative)),
        _ => None,
    };
    Equality { tolerance, unordered: matches!(checker, Checker::UnorderedLines | Checker::SortedTokens) }
}

/// The driver of a language.
pub(super) fn driver(language: Language) -> Result<&'static str, SandboxError> {
    match language {
        Language::Python => Ok(include_str!("../drivers/candidate.py")),
        Language::JavaScript => Ok(include_str!("../drivers/candidate.js")),
        Language::Cpp | Language::Rust => Err(SandboxError::Tests {
            reason: format!("functions of {language} cannot be called; test by standard input and output"),
        }),
    }
}
