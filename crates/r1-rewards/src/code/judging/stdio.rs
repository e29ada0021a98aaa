//! Tests by text: what goes in, what comes out.

use std::sync::Arc;

use r1_sandbox::{Execution, Limits};

use super::Submission;
use crate::code::{
    Checker, CodeError, Judge, Language, TestResult, Verdict,
    compile::{self, Program, Source},
    verdict::of_run,
};

pub(super) fn judge(
    judge: &Judge,
    submission: &Submission,
    program: &Program,
    stdin: &str,
    expected: &str,
) -> Result<TestResult, CodeError> {
    let input: Arc<[u8]> = stdin.as_bytes().into();
    if let Checker::Interactor { language, source } = &submission.checker {
        return interact(
            judge,
            submission,
            program,
            (*language, source),
            [input, expected.as_bytes().into()],
        );
    }
    let run = judge.sandbox().run(&program.command(&submission.limits, input.clone())?)?;
    started(&run, program)?;
    let (verdict, detail) = match of_run(&run) {
        Some(verdict) => (verdict, run.detail()),
        None => match submission.checker.accepts(&run.stdout, expected.as_bytes()) {
            Some(true) => (Verdict::Accepted, String::new()),
            Some(false) => (Verdict::WrongAnswer, String::new()),
            None => check(
                judge,
                &submission.checker,
                [input, run.stdout.clone().into(), expected.as_bytes().into()],
            )?,
        },
    };
    Ok(TestResult { verdict, usage: run.usage, detail })
}

/// A tool that the system would not start is the world's trouble; a program that a submission became is
/// its own.
pub(super) fn started(run: &Execution, program: &Program) -> Result<(), CodeError> {
    match &run.not_started {
        Some(reason) if !program.language().is_compiled() => Err(program.language().unusable(reason)),
        _ => Ok(()),
    }
}

/// Runs a checker of testlib's kind in a cage of its own.
fn check(judge: &Judge, checker: &Checker, files: [Arc<[u8]>; 3]) -> Result<(Verdict, String), CodeError> {
    let Checker::Custom { language, source } = checker else {
        return Err(CodeError::Checker { reason: "it compares no text".into() });
    };
    let program = helper(judge, *language, source)?;
    let mut command = program.command(&Limits::default(), Arc::default())?;
    for (name, content) in ["input.txt", "output.txt", "answer.txt"].into_iter().zip(files) {
        command.files.push((name.to_owned(), content));
        command.arguments.push(name.to_owned());
    }
    let run = judge.sandbox().run(&command)?;
    started(&run, &program)?;
    conclude(&run)
}

/// The verdict of a checker or interactor that has ended.
fn conclude(run: &Execution) -> Result<(Verdict, String), CodeError> {
    match (run.broken, run.code) {
        // It was written for outputs that a right program gives.
        (Some(breach), _) => Ok((Verdict::WrongAnswer, format!("the checker broke its limits ({breach})"))),
        (None, Some(0)) => Ok((Verdict::Accepted, String::new())),
        (None, Some(1 | 2)) => Ok((Verdict::WrongAnswer, String::new())),
        (None, _) => Err(CodeError::Checker { reason: run.detail() }),
    }
}

/// A program of the problem's.
fn helper(judge: &Judge, language: Language, source: &str) -> Result<Program, CodeError> {
    let limits = Limits::compiler();
    let source = Source { language, text: source, standard: "", limits: &limits };
    compile::prepare(judge, &source)?.map_err(|reason| CodeError::Checker { reason })
}

/// Runs program and interactor, each in its cage, the output of one being the input of the other.
fn interact(
    judge: &Judge,
    submission: &Submission,
    program: &Program,
    (language, source): (Language, &str),
    files: [Arc<[u8]>; 2],
) -> Result<TestResult, CodeError> {
    let interactor = helper(judge, language, source)?;
    let command = program.command(&submission.limits, Arc::default())?;
    // It waits while the program computes.
    let limits = Limits::default().with_wall(submission.limits.wall + Limits::default().wall);
    let mut asking = interactor.command(&limits, Arc::default())?;
    for (name, content) in ["input.txt", "answer.txt"].into_iter().zip(files) {
        asking.files.push((name.to_owned(), content));
        asking.arguments.push(name.to_owned());
    }
    let (mut candidate, mut interactor_run) = judge.sandbox().start_dialogue(&command, &asking)?;
    let (mut program_ended, mut interactor_ended) = (false, false);
    while !(program_ended && interactor_ended) {
        program_ended = program_ended || candidate.tick()?;
        interactor_ended = interactor_ended || interactor_run.tick()?;
    }
    let (run, asked) = (candidate.finish(), interactor_run.finish());
    started(&run, program)?;
    started(&asked, &interactor)?;
    let (verdict, detail) = match (run.broken, conclude(&asked)) {
        (Some(breach), _) => (breach.into(), run.detail()),
        // Who was told that the answer is wrong may well end badly.
        (None, Ok((Verdict::WrongAnswer, detail))) => (Verdict::WrongAnswer, detail),
        (None, verdict) => match of_run(&run) {
            Some(own) => (own, run.detail()),
            None => verdict?,
        },
    };
    Ok(TestResult { verdict, usage: run.usage, detail })
}
