//! Tests by assertions, which run in another cage than the submission.

use std::sync::Arc;

use r1_sandbox::{Channel, Execution};
use serde::Deserialize;

use super::{Submission, call::python, stdio::started};
use crate::code::{CodeError, Judge, Language, TestResult, Verdict, compile::Program, verdict::of_run};

/// The parts of a test.
pub(super) struct Assertion<'a> {
    pub(super) test: &'a str,
    pub(super) functions: &'a [String],
    pub(super) setup: &'a str,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Outcome {
    Right,
    Wrong,
    Candidate,
    Broken,
}

/// What the asserting process says.
#[derive(Deserialize)]
struct Record {
    outcome: Outcome,
    detail: String,
}

pub(super) fn judge(
    judge: &Judge,
    submission: &Submission,
    program: &Program,
    test: &Assertion,
) -> Result<TestResult, CodeError> {
    if program.language() != Language::PYTHON {
        return Err(CodeError::Tests {
            reason: format!("assertions are Python's; the submission is {}", program.language()),
        });
    }
    let mut candidate =
        program.driven(judge, &submission.limits, &python(include_str!("../drivers/candidate.py"), false))?;
    candidate.channel = Channel::Peer;
    let functions = serde_json::to_vec(test.functions).unwrap_or_default();
    let files: [(&str, Arc<[u8]>); 3] = [
        ("test.py", test.test.as_bytes().into()),
        ("setup.py", test.setup.as_bytes().into()),
        ("functions.json", functions.into()),
    ];
    // Only its files differ from the candidate's.
    let driver =
        concat!(include_str!("../drivers/remote.py"), "\n\n", include_str!("../drivers/asserter.py"));
    let mut asserting = program.driven(judge, &submission.limits, &python(driver, true))?;
    asserting.files = asserting.files.pop().into_iter().collect();
    asserting.channel = Channel::Peer;
    asserting.files.extend(files.map(|(name, content)| (name.to_owned(), content)));

    let (mut candidate, mut asserter) = judge.sandbox().start_pair(&candidate, &asserting)?;
    while !asserter.tick()? {
        candidate.tick()?;
    }
    candidate.kill();
    let (candidate, asserter) = (candidate.finish(), asserter.finish());
    started(&candidate, program)?;
    started(&asserter, program)?;
    let (verdict, detail) = conclude(&candidate, &asserter)?;
    Ok(TestResult { verdict, usage: candidate.usage, detail })
}

fn conclude(candidate: &Execution, asserter: &Execution) -> Result<(Verdict, String), CodeError> {
    let broken = candidate.broken.or(asserter.broken).map(Verdict::from);
    let record = serde_json::from_slice::<Record>(&asserter.results);
    match (record, broken) {
        (Ok(Record { outcome: Outcome::Broken, detail }), _) => {
            Err(CodeError::Tests { reason: format!("the assertions do not start: {detail}") })
        }
        (_, Some(broken)) => Ok((broken, String::new())),
        (Ok(Record { outcome: Outcome::Right, .. }), None) => Ok((Verdict::Accepted, String::new())),
        (Ok(Record { outcome: Outcome::Wrong, detail }), None) => Ok((Verdict::WrongAnswer, detail)),
        (Ok(Record { outcome: Outcome::Candidate, detail }), None) => {
            let out_of_memory = detail.starts_with("MemoryError");
            let verdict = if out_of_memory { Verdict::MemoryLimit } else { Verdict::RuntimeError };
            Ok((verdict, detail))
        }
        // The program took too much and was ended before its broken limit was seen.
        (Err(_), None) if of_run(candidate) == Some(Verdict::MemoryLimit) => {
            Ok((Verdict::MemoryLimit, String::new()))
        }
        (Err(_), None) => Ok((Verdict::RuntimeError, format!("no outcome ({})", asserter.detail()))),
    }
}
