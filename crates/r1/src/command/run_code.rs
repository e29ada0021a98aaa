//! `r1 run-code`: what becomes of programs.

use std::{
    io::{Read, stdin},
    time::Duration,
};

use clap::Args;
use r1_rewards::code::{
    Checker, CodeError, Isolation, Judge, Judgement, Language, Layers, Limits, SandboxReport, Submission,
    TestCase, TestResult, Verdict, in_order,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::command::{failure::Failure, lines::answer};

/// Runs programs in the cage and judges them by tests
///
/// Reads objects {"source":"..","tests":[{"stdin":"..","stdout":".."}]} from standard input and writes for each, in
/// order, {"verdict":"AC","tests":[{"verdict":"AC","cpu_ms":..,"wall_ms":..,"peak_kib":..}],"sandbox":{..}}. A test may
/// also be {"call":"f","args":[..],"returns":..} in Python and JavaScript, or {"assert":"..","functions":[".."]} in
/// Python. An object may also have "id", which comes back, "language", "standard", "prelude", "cpu_seconds",
/// "memory_mb" and "checker". Verdicts are AC, WA, TLE, MLE, RE, CE and OLE; when the sandbox itself fails there is
/// none, and the exit status is 1.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  echo '{\"source\":\"print(int(input())+1)\",\"tests\":[{\"stdin\":\"1\",\"stdout\":\"2\"}]}' | r1 run-code --language python"
)]
pub(crate) struct Arguments {
    /// The programs' language, where they do not name another: python, cpp, c, rust, javascript, java, bash, go,
    /// csharp or typescript
    #[arg(long, value_parser = language)]
    language: Language,
    /// Processor time of a test, in seconds
    #[arg(long, value_name = "S", default_value_t = 4.0, value_parser = positive)]
    cpu_seconds: f64,
    /// Time on the clock of a test [default: twice the processor time, or one second more]
    #[arg(long, value_name = "S", value_parser = positive)]
    wall_seconds: Option<f64>,
    /// Memory in MiB
    #[arg(long, value_name = "M", default_value_t = 512, value_parser = clap::value_parser!(u64).range(16..1 << 20))]
    memory_mb: u64,
    /// Processor time of the compiler, in seconds
    #[arg(long, value_name = "S", value_parser = positive)]
    compile_seconds: Option<f64>,
    /// How outputs are compared: tokens, case-insensitive, lines, exact, floats, decimals, unordered or sorted
    #[arg(long, default_value = "tokens", value_parser = checker)]
    checker: Checker,
    /// How many programs are judged at a time [default: one a core]
    #[arg(long, value_name = "N")]
    jobs: Option<usize>,
    /// Run even where too few layers of isolation work; only for programs that you trust
    #[arg(long)]
    allow_weak_sandbox: bool,
}

pub(crate) fn language(name: &str) -> Result<Language, String> {
    let name = if name == "c++" { "cpp" } else { name };
    name.parse().map_err(|error: CodeError| error.to_string())
}

pub(crate) fn positive(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(seconds) if seconds > 0.0 && seconds <= 86_400.0 => Ok(seconds),
        _ => Err("expected seconds above 0 and at most a day".into()),
    }
}

fn checker(name: &str) -> Result<Checker, String> {
    Checker::named(name).map_err(|error| error.to_string())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Question {
    #[serde(default)]
    id: Value,
    source: String,
    tests: Vec<TestCase>,
    #[serde(default)]
    language: Option<Language>,
    #[serde(default)]
    standard: String,
    #[serde(default)]
    prelude: String,
    #[serde(default)]
    cpu_seconds: Option<f64>,
    #[serde(default)]
    memory_mb: Option<u64>,
    #[serde(default)]
    checker: Option<Checker>,
}

#[derive(Serialize)]
struct Answer<'a> {
    #[serde(skip_serializing_if = "Value::is_null")]
    id: &'a Value,
    verdict: Verdict,
    tests: Vec<TestResult>,
    #[serde(skip_serializing_if = "String::is_empty")]
    message: String,
    sandbox: &'a SandboxReport,
}

/// Judges the programs on standard input.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let mut text = String::new();
    let read = stdin().lock().read_to_string(&mut text);
    read.map_err(|error| Failure::Job(format!("cannot read standard input: {error}")))?;
    let questions: Vec<Question> = serde_json::Deserializer::from_str(&text)
        .into_iter()
        .collect::<Result<_, _>>()
        .map_err(|error| Failure::Job(format!("standard input holds no program with tests: {error}")))?;
    if questions.is_empty() {
        return Err(Failure::Job("standard input holds no program with tests".into()));
    }
    for question in &questions {
        if question.tests.is_empty() {
            return Err(Failure::Job("there are no tests, so that nothing can be judged".into()));
        }
        if let Some(seconds) = question.cpu_seconds {
            positive(&seconds.to_string())
                .map_err(|reason| Failure::Job(format!("cpu_seconds: {reason}")))?;
        }
    }
    let isolation = if arguments.allow_weak_sandbox { Isolation::Weak } else { Isolation::Strict };
    let mut judge = Judge::with(isolation, Layers::ALL)?;
    if let Some(jobs) = arguments.jobs {
        judge = judge.with_workers(jobs);
    }
    eprintln!("{}", judge.report());
    let work = |question: &Question| judge_one(&judge, arguments, question).map_err(Failure::from);
    in_order(&questions, judge.workers(), work, |question, judgement| {
        let Judgement { verdict, tests, message } = judgement;
        answer(&Answer { id: &question.id, verdict, tests, message, sandbox: &judge.report() })
    })
}

fn judge_one(judge: &Judge, arguments: &Arguments, question: &Question) -> Result<Judgement, CodeError> {
    let cpu = Duration::from_secs_f64(question.cpu_seconds.unwrap_or(arguments.cpu_seconds));
    let memory = question.memory_mb.unwrap_or(arguments.memory_mb).clamp(16, 1 << 20);
    let mut limits = Limits::default().with_cpu(cpu).with_memory_bytes(memory << 20);
    if let Some(seconds) = arguments.wall_seconds {
        limits = limits.with_wall(Duration::from_secs_f64(seconds));
    }
    let source = format!("{}{}", question.prelude, question.source);
    let mut submission = Submission::new(question.language.unwrap_or(arguments.language), source)
        .with_limits(limits)
        .with_checker(question.checker.clone().unwrap_or_else(|| arguments.checker.clone()));
    submission.standard.clone_from(&question.standard);
    if let Some(seconds) = arguments.compile_seconds {
        submission.compiler = submission.compiler.with_cpu(Duration::from_secs_f64(seconds));
    }
    judge.judge(&submission, &question.tests)
}
