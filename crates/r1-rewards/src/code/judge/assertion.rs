//! Tests by assertions, which run in another cage than the submission.

use std::sync::Arc;

use serde::Deserialize;

use super::{Submission, call::driver};
use crate::code::{
    Language, Sandbox, SandboxError, TestResult, Verdict,
    compile::{self, Program},
    sandbox::{Channel, Run},
};

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
    sandbox: &Sandbox,
    submission: &Submission,
    program: &Program,
    test: &Assertion,
) -> Result<TestResult, SandboxError> {
    if program.language() != Language::Python {
        return Err(SandboxError::Tests {
            reason: format!("assertions are Python's; the submission is {}", program.language()),
        });
    }
    let mut candidate = program.driven(&submission.limits, driver(Language::Python)?)?;
    candidate.channel = Channel::Peer;
    let functions = serde_json::to_vec(test.functions).unwrap_or_default();
    let files: [(&str, Arc<[u8]>); 3] = [
        ("test.py", test.test.as_bytes().into()),
        ("setup.py", test.setup.as_bytes().into()),
        ("functions.json", functions.into()),
    ];
    let Ok(asserter) = compile::prepare(sandbox, Language::Python, include_str!("../drivers/asserter.py"))?
    else {
        return Err(SandboxError::Tests { reason: "the driver does not compile".into() });
    };
    let mut asserting = asserter.job(&submission.limits, Arc::default())?;
    asserting.channel = Channel::Peer;
    asserting.keep_stdout = false;
    asserting.files.extend(files.map(|(name, content)| (name.to_owned(), content)));

    let (mut candidate, mut asserter) = sandbox.start_pair(&candidate, &asserting)?;
    while !asserter.tick()? {
        candidate.tick()?;
    }
    candidate.kill();
    let (candidate, asserter) = (candidate.finish(), asserter.finish());
    let (verdict, detail) = conclude(&candidate, &asserter)?;
    Ok(TestResult { verdict, usage: candidate.usage, detail })
}

fn conclude(candidate: &Run, asserter: &Run) -> Result<(Verdict, String), SandboxError> {
    let broken = candidate.broken.or(asserter.broken);
    let record = serde_json::from_slice::<Record>(&asserter.results);
    match (record, broken) {
        (Ok(Record { outcome: Outcome::Broken, detail }), _) => {
            Err(SandboxError::Tests { reason: format!("the assertions do not start: {detail}") })
        }
        (_, Some(broken)) => Ok((broken, String::new())),
        (Ok(Record { outcome: Outcome::Right, .. }), None) => Ok((Verdict::Accepted, String::new())),
        (Ok(Record { outcome: Outcome::Wrong, detail }), None) => Ok((Verdict::WrongAnswer, detail)),
        (Ok(Record { outcome: Outcome::Candidate, detail }), None) => {
            let out_of_memory = detail.starts_with("MemoryError");
            let verdict = if out_of_memory { Verdict::MemoryLimit } else { Verdict::RuntimeError };
            Ok((verdict, detail))
        }
        (Err(_), None) => Ok((Verdict::RuntimeError, format!("no outcome ({})", asserter.detail()))),
    }
}
