//! Tests by calls: a driver calls the function, this process compares.

use r1_sandbox::{Channel, Running};
use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::{Submission, nonce, stdio::started};
use crate::code::{
    Checker, CodeError, Judge, Language, TestCase, TestResult, Verdict,
    compile::Program,
    value::{Equality, decode, encode, is_rounded},
    verdict::of_run,
};

/// What a driver writes for a call.
#[derive(Deserialize)]
struct Record {
    n: String,
    #[serde(default)]
    r: Json,
    e: Option<String>,
    /// Its first argument after the call, when it returned nothing.
    i: Option<Json>,
    #[serde(default)]
    m: String,
}

/// Judges the calls at the start of `tests`, in one process, until there is none, or one that the
/// process does not survive.
pub(super) fn judge(
    judge: &Judge,
    submission: &Submission,
    program: &Program,
    tests: &[TestCase],
) -> Result<Vec<TestResult>, CodeError> {
    let driver = driver(program.language())?;
    let calls: Vec<_> = tests
        .iter()
        .map_while(|test| match test {
            TestCase::Call { call, args, returns, or } => Some((call, args, returns, or)),
            _ => None,
        })
        .collect();
    let equality = equality(&submission.checker);
    for (call, args, returns, _) in &calls {
        if args.iter().any(is_rounded) || (equality.tolerance.is_none() && is_rounded(returns)) {
            let reason = format!(
                "a number beyond 64 bits in a test of `{call}` has lost digits; assert it, or compare texts"
            );
            return Err(CodeError::Tests { reason });
        }
    }
    let mut command = program.driven(judge, &submission.limits, &driver)?;
    command.channel = Channel::Parent;
    command.total_cpu = Some(submission.limits.cpu.saturating_mul(calls.len() as u32));
    let mut running = judge.sandbox().start(&command)?;
    let mut results = Vec::new();
    for (call, args, returns, or) in calls {
        let nonce = nonce()?;
        let request = json!({"n": nonce, "f": call, "a": args.iter().map(encode).collect::<Vec<_>>()});
        running.request(request.to_string().into_bytes());
        let Some(line) = answer(&mut running)? else {
            let run = running.finish();
            started(&run, program)?;
            // A clean end is no answer either.
            let verdict = of_run(&run).unwrap_or(Verdict::RuntimeError);
            let detail = if run.code == Some(0) { "ended without an answer".into() } else { run.detail() };
            results.push(TestResult { verdict, usage: run.usage, detail });
            return Ok(results);
        };
        let usage = running.lap();
        let (mut verdict, mut detail) = grade(&line, &nonce, equality, returns);
        for other in or.iter().filter(|other| !is_rounded(other)) {
            if verdict == Verdict::WrongAnswer {
                (verdict, detail) = grade(&line, &nonce, equality, other);
            }
        }
        results.push(TestResult { verdict, usage, detail });
        if verdict != Verdict::Accepted && submission.stop_at_failure {
            break;
        }
    }
    drop(running.finish());
    Ok(results)
}

/// Waits for a line; `None` when the program ended or broke a limit before.
fn answer(running: &mut Running) -> Result<Option<Vec<u8>>, CodeError> {
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
    // A function that returns nothing may have changed what it was given.
    let changed = record.i.as_ref().filter(|_| record.r.is_null() && !expected.is_null());
    match decode(changed.unwrap_or(&record.r)) {
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
pub(super) fn driver(language: Language) -> Result<String, CodeError> {
    match language.spec().driver.as_deref() {
        Some("python") => Ok(python(include_str!("../drivers/candidate.py"), true)),
        Some("javascript") => Ok(include_str!("../drivers/candidate.js").to_owned()),
        _ => Err(CodeError::tests(format!(
            "functions of {language} cannot be called; test by standard input and output"
        ))),
    }
}

/// A driver of Python. Graders of calls import names before a submission; those of assertions do not.
pub(super) fn python(driver: &str, gives_names: bool) -> String {
    let flag = if gives_names { "True" } else { "False" };
    format!("_GIVES_NAMES = {flag}\n{}{driver}", include_str!("../drivers/names.py"))
}
