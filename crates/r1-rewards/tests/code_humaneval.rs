//! HumanEval: every canonical solution is accepted, and small changes of it are not.
//!
//! A few tasks stand here; `R1_HUMANEVAL` names the whole `HumanEval.jsonl`:
//! `R1_HUMANEVAL=HumanEval.jsonl cargo test --release -p r1-rewards --features code --test code_humaneval -- --nocapture`

#![cfg(all(feature = "code", target_os = "linux"))]

use std::{env, sync::Mutex, time::Duration};

use r1_core::{Problem, Reference};
use r1_data::dataset::humaneval;
use r1_rewards::code::*;

/// Three tasks of HumanEval (MIT), of which the second has a helper and random tests.
const TASKS: &str = include_str!("code/humaneval.jsonl");
const MUTANTS: usize = 3;

/// How many wrong programs of a task were refused; an error says that the right one was, too.
fn check(sandbox: &Judge, problem: &Problem) -> Result<usize, String> {
    let Reference::Tests { tests } = &problem.reference else { return Err("no tests".into()) };
    let suite = Suite::parse(tests).map_err(|error| error.to_string())?;
    let limits = Limits::default().with_cpu(Duration::from_secs(8)).with_wall(Duration::from_secs(40));
    let verdict = |code: &str| {
        let submission = suite.submission(Language::PYTHON, code, &limits);
        sandbox.judge(&submission, &suite.tests).map_err(|error| error.to_string())
    };
    let solution = problem.metadata["solution"].as_str().unwrap_or_default();
    let judgement = verdict(solution)?;
    if judgement.verdict != Verdict::Accepted {
        return Err(format!("{judgement:?}"));
    }
    let mut refused = 0;
    // Some changes change nothing that can be seen, so that more than three may be needed.
    let nothing = "    return None\n".to_owned();
    for mutant in mutants(solution).into_iter().chain([nothing, "    raise ValueError\n".to_owned()]) {
        let limits =
            Limits::default().with_cpu(Duration::from_millis(1500)).with_wall(Duration::from_secs(10));
        let submission = suite.submission(Language::PYTHON, &mutant, &limits);
        let judgement = sandbox.judge(&submission, &suite.tests).map_err(|error| error.to_string())?;
        refused += usize::from(judgement.verdict != Verdict::Accepted);
        if refused == MUTANTS {
            break;
        }
    }
    Ok(refused)
}

#[test]
fn canonical_solutions_are_accepted_and_mutants_are_not() {
    let inline = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(&inline, TASKS).unwrap();
    let path = env::var_os("R1_HUMANEVAL").map_or(inline.path().to_owned(), Into::into);
    let problems = humaneval::load(path).unwrap();
    let sandbox = Judge::new().unwrap();
    let (next, failures) = (Mutex::new(problems.iter()), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..sandbox.workers() {
            scope.spawn(|| {
                loop {
                    let Some(problem) = next.lock().unwrap().next() else { break };
                    match check(&sandbox, problem) {
                        Ok(MUTANTS) => {}
                        Ok(refused) => {
                            failures.lock().unwrap().push(format!("{}: {refused} refused", problem.id))
                        }
                        Err(error) => failures.lock().unwrap().push(format!("{}: {error}", problem.id)),
                    }
                }
            });
        }
    });
    let failures = failures.into_inner().unwrap();
    println!("{} of {} tasks", problems.len() - failures.len(), problems.len());
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
