//! `r1 run-code`: what becomes of a program.

use std::{
    io::{Read, stdin},
    time::Duration,
};

use clap::{Args, ValueEnum};
use r1_rewards::code::{
    Checker, Isolation, Judge, Language, Layers, Limits, SandboxReport, Submission, TestCase, TestResult,
    Verdict,
};
use serde::{Deserialize, Serialize};

use crate::{failure::Failure, lines::answer};

/// Runs a program in the cage and judges it by tests
///
/// Reads one object {"source":"..","tests":[{"stdin":"..","stdout":".."}]} from standard input and writes
/// {"verdict":"AC","tests":[{"verdict":"AC","cpu_ms":..,"wall_ms":..,"peak_kib":..}],"sandbox":{..}}. A test may
/// also be {"call":"f","args":[..],"returns":..} in Python and JavaScript, or
/// {"assert":"..","functions":[".."]} in Python. Verdicts are AC, WA, TLE, MLE, RE, CE and OLE; when the
/// sandbox itself fails there is none, and the exit status is 1.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  echo '{\"source\":\"print(int(input())+1)\",\"tests\":[{\"stdin\":\"1\",\"stdout\":\"2\"}]}' | r1 run-code --language python"
)]
pub(crate) struct Arguments {
    /// The program's language
    #[arg(long, value_enum)]
    language: LanguageArgument,
    /// Processor time of a test, in seconds
    #[arg(long, value_name = "S", default_value_t = 4.0, value_parser = positive)]
    cpu_seconds: f64,
    /// Time on the clock of a test [default: twice the processor time, or one second more]
    #[arg(long, value_name = "S", value_parser = positive)]
    wall_seconds: Option<f64>,
    /// Memory in MiB
    #[arg(long, value_name = "M", default_value_t = 512, value_parser = clap::value_parser!(u64).range(16..1 << 20))]
    memory_mb: u64,
    /// How outputs are compared: tokens, case-insensitive, lines, exact, floats, unordered or sorted
    #[arg(long, default_value = "tokens", value_parser = checker)]
    checker: Checker,
    /// Run even where too few layers of isolation work; only for programs that you trust
    #[arg(long)]
    allow_weak_sandbox: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum LanguageArgument {
    Python,
    Cpp,
    Rust,
    #[value(name = "javascript", alias = "js")]
    JavaScript,
}

impl From<LanguageArgument> for Language {
    fn from(language: LanguageArgument) -> Self {
        match language {
            LanguageArgument::Python => Self::PYTHON,
            LanguageArgument::Cpp => Self::CPP,
            LanguageArgument::Rust => Self::RUST,
            LanguageArgument::JavaScript => Self::JAVASCRIPT,
        }
    }
}

fn positive(text: &str) -> Result<f64, String> {
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
    source: String,
    tests: Vec<TestCase>,
}

#[derive(Serialize)]
struct Answer<'a> {
    verdict: Verdict,
    tests: Vec<TestResult>,
    #[serde(skip_serializing_if = "String::is_empty")]
    message: String,
    sandbox: &'a SandboxReport,
}

/// Judges the program on standard input.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let mut text = String::new();
    let read = stdin().lock().read_to_string(&mut text);
    read.map_err(|error| Failure::Job(format!("cannot read standard input: {error}")))?;
    let question: Question = serde_json::from_str(&text)
        .map_err(|error| Failure::Job(format!("standard input holds no program with tests: {error}")))?;
    if question.tests.is_empty() {
        return Err(Failure::Job("there are no tests, so that nothing can be judged".into()));
    }
    let cpu = Duration::from_secs_f64(arguments.cpu_seconds);
    let mut limits = Limits::default().with_cpu(cpu).with_memory_bytes(arguments.memory_mb << 20);
    if let Some(seconds) = arguments.wall_seconds {
        limits = limits.with_wall(Duration::from_secs_f64(seconds));
    }
    let isolation = if arguments.allow_weak_sandbox { Isolation::Weak } else { Isolation::Strict };
    let judge = Judge::with(isolation, Layers::ALL)?;
    let report = judge.report();
    eprintln!("{report}");
    let submission = Submission::new(arguments.language.into(), question.source)
        .with_limits(limits)
        .with_checker(arguments.checker.clone());
    let judgement = judge.judge(&submission, &question.tests)?;
    answer(&Answer {
        verdict: judgement.verdict,
        tests: judgement.tests,
        message: judgement.message,
        sandbox: &report,
    })
}
