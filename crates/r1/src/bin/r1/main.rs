//! The `r1` command: score, write, grade and evaluate from the shell.
//!
//! Standard output carries results only, one JSON value a line; progress and trouble go to standard
//! error. The exit status is 0 when all is done, 1 when the job or a line of it failed, and 2 when the
//! command was called wrongly.

mod failure;
mod lines;
mod checkpoint;
mod sampling;
mod template;
mod writable;
mod logprobs;
mod generate;
mod grade;
mod guess;
mod eval;
mod compare;
mod reject;
mod sft;
mod decontaminate;
mod run_code;
mod grade_code;
mod convert;
mod problems;
mod plan;

use std::{panic, process::ExitCode};

use clap::{Parser, Subcommand};

use failure::{Failure, one_line};

#[global_allocator]
static ALLOCATOR: r1::process::MiMalloc = r1::process::MiMalloc;

const EXAMPLES: &str = "\
Examples:
  echo '{\"prompt\":\"The capital of France is\"}' | r1 generate --model DIR --temperature 0 --max-tokens 8
  echo '{\"text\":\"2 + 2 = 4\"}' | r1 logprobs --model DIR
  echo '{\"id\":1,\"gold\":\"3/4\",\"answer\":\"It is \\\\boxed{0.75}.\"}' | r1 grade
  r1 eval --model DIR --data test.jsonl --format gsm8k --samples 4 --out report.json
  r1 compare before.json after.json
  r1 reject --model TEACHER --data train.jsonl --format gsm8k --samples 4 --out traces.jsonl
  r1 sft --model STUDENT --data traces.jsonl --out runs/student
  r1 decontaminate --data train.jsonl --format gsm8k --against test.jsonl --out clean.jsonl

Results go to standard output, everything else to standard error. The exit status is 0 when all is
done, 1 when the job or an input line failed, 2 for wrong usage. R1_DEVICE chooses the device, for
example flex or cuda:0.";

/// The DeepSeek-R1 system: causal language models, verifiable rewards and evaluation.
#[derive(Debug, Parser)]
#[command(name = "r1", version, after_help = EXAMPLES, subcommand_required = true, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Logprobs(logprobs::Arguments),
    Generate(generate::Arguments),
    Grade(grade::Arguments),
    Eval(eval::Arguments),
    Compare(compare::Arguments),
    Reject(reject::Arguments),
    Sft(sft::Arguments),
    Decontaminate(decontaminate::Arguments),
    RunCode(run_code::Arguments),
    GradeCode(grade_code::Arguments),
    Convert(convert::Arguments),
    Problems(problems::Arguments),
    Plan(plan::Arguments),
}

fn main() -> ExitCode {
    r1::process::prepare();
    let command = match Cli::try_parse() {
        Ok(cli) => cli.command,
        Err(error) => return misused(&error),
    };
    panic::set_hook(Box::new(|panic| eprintln!("error: r1 has a bug: {}", one_line(&panic.to_string()))));
    let outcome = panic::catch_unwind(|| match &command {
        Command::Logprobs(arguments) => logprobs::run(arguments),
        Command::Generate(arguments) => generate::run(arguments),
        Command::Grade(arguments) => grade::run(arguments),
        Command::Eval(arguments) => eval::run(arguments),
        Command::Compare(arguments) => compare::run(arguments),
        Command::Reject(arguments) => reject::run(arguments),
        Command::Sft(arguments) => sft::run(arguments),
        Command::Decontaminate(arguments) => decontaminate::run(arguments),
        Command::RunCode(arguments) => run_code::run(arguments),
        Command::GradeCode(arguments) => grade_code::run(arguments),
        Command::Convert(arguments) => convert::run(arguments),
        Command::Problems(arguments) => problems::run(arguments),
        Command::Plan(arguments) => plan::run(arguments),
    });
    match outcome {
        Ok(Ok(()) | Err(Failure::ReaderGone)) => ExitCode::SUCCESS,
        Ok(Err(Failure::Usage(text))) => {
            eprintln!("error: {text}");
            ExitCode::from(2)
        }
        Ok(Err(Failure::Job(text))) => {
            eprintln!("error: {text}");
            ExitCode::FAILURE
        }
        // The lines were named when they were met; the panic by its hook.
        Ok(Err(Failure::Lines)) | Err(_) => ExitCode::FAILURE,
    }
}

/// Prints the help that was asked for, or one line about what is wrong with the arguments.
fn misused(error: &clap::Error) -> ExitCode {
    let text = error.render().to_string();
    let Some(reason) = text.strip_prefix("error: ") else {
        // Help and version; nobody is there to be told when printing them fails.
        let _ = error.print();
        return if error.use_stderr() { ExitCode::from(2) } else { ExitCode::SUCCESS };
    };
    let end = ["Usage:", "For more information"].iter().filter_map(|mark| reason.find(mark)).min();
    let reason = one_line(&reason[..end.unwrap_or(reason.len())]);
    eprintln!("error: {reason}; see `r1 --help`");
    ExitCode::from(2)
}
