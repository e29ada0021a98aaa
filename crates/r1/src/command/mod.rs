//! The `r1` command line: train, evaluate, generate and grade from the shell.
//!
//! Standard output carries results only, one JSON value a line; progress and trouble go to standard
//! error. The exit status is 0 when all is done, 1 when the job or a line of it failed, and 2 when the
//! command was called wrongly.

mod failure;
mod help;
mod suggest;
mod interrupt;
mod begun;
mod lines;
mod checkpoint;
mod sampling;
mod template;
mod writable;
mod logprobs;
mod generate;
mod session;
mod chat;
mod serve;
mod grade;
mod guess;
mod eval;
mod compare;
mod reject;
mod sft;
mod train;
mod grpo;
mod replay;
mod diagnose;
mod decontaminate;
mod run_code;
mod grade_code;
mod audit;
mod convert;
mod problems;
mod plan;
mod completions;
mod man;

use std::{
    panic::{self, AssertUnwindSafe},
    process::ExitCode,
};

use clap::{
    FromArgMatches, Parser, Subcommand,
    error::{ContextKind, ContextValue, ErrorKind},
};

use failure::{Failure, one_line};
use r1_model::Precision;

use crate::recipe::Registry;

const EXAMPLES: &str = "\
Examples:
  r1 train recipes/nano/r1-zero.toml
  r1 grpo --model DIR --data train.jsonl --out runs/own
  r1 problems --task chained_arithmetic --held-out --count 200 > test.jsonl
  r1 eval --model DIR --data test.jsonl --out before.json
  r1 generate --model DIR --prompt 'The capital of France is' --temperature 0 --max-tokens 8
  r1 chat --model DIR
  r1 serve --model DIR --port 8000
  echo '{\"text\":\"2 + 2 = 4\"}' | r1 logprobs --model DIR
  echo '{\"id\":1,\"gold\":\"3/4\",\"answer\":\"It is \\\\boxed{0.75}.\"}' | r1 grade
  r1 eval --model DIR --data test.jsonl --format gsm8k --samples 4 --out report.json
  r1 compare before.json after.json
  r1 reject --model TEACHER --data train.jsonl --format gsm8k --samples 4 --out traces.jsonl
  r1 sft --model STUDENT --data traces.jsonl --out runs/student
  r1 decontaminate --data train.jsonl --format gsm8k --against test.jsonl --out clean.jsonl

`r1 COMMAND --help` has the options of a command. Results go to standard output, everything else to
standard error. The exit status is 0 when all is done, 1 when the job or an input line failed, 2 for wrong usage, 130 or 143 when it was interrupted.
R1_DEVICE chooses the device, for example flex or cuda:0.";

/// The DeepSeek-R1 system: causal language models, verifiable rewards and evaluation.
#[derive(Debug, Parser)]
#[command(name = "r1", version, after_help = EXAMPLES, subcommand_required = true, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    /// How exactly a GPU computes: full (f32), tf32 (its products may round to TF32) or bf16 [default: what a recipe
    /// says, else full]; the CPU always computes in f32
    #[arg(long, global = true, value_name = "NAME", env = "R1_PRECISION")]
    precision: Option<Precision>,
}

#[derive(Debug, Subcommand)]
enum Command {
    Train(train::Arguments),
    Grpo(grpo::Arguments),
    Replay(replay::Arguments),
    Diagnose(diagnose::Arguments),
    Logprobs(logprobs::Arguments),
    Generate(generate::Arguments),
    Chat(chat::Arguments),
    Serve(serve::Arguments),
    Grade(grade::Arguments),
    Eval(eval::Arguments),
    Compare(compare::Arguments),
    Reject(reject::Arguments),
    Sft(sft::Arguments),
    Decontaminate(decontaminate::Arguments),
    RunCode(run_code::Arguments),
    GradeCode(grade_code::Arguments),
    Audit(audit::Arguments),
    Convert(convert::Arguments),
    Problems(problems::Arguments),
    Plan(plan::Arguments),
    Completions(completions::Arguments),
    Man(man::Arguments),
}

/// Runs the `r1` command with rewards of one's own beside those that it knows, and returns its exit status.
///
/// The arguments are those of the process. What is registered can be named in recipes and by `r1 grpo --reward`, with the
/// same checks, dry run and resume as r1's own rewards. Call it first in `main`; with the allocator, it is the whole
/// program:
///
/// ```no_run
/// use std::process::ExitCode;
///
/// use r1::{process::MiMalloc, rewards::reward_fn};
///
/// #[global_allocator]
/// static ALLOCATOR: MiMalloc = MiMalloc;
///
/// #[derive(serde::Deserialize)]
/// struct Brevity {
///     max_words: usize,
/// }
///
/// fn main() -> ExitCode {
///     r1::main_with(|registry| {
///         registry.reward("brevity", |Brevity { max_words }| {
///             reward_fn("brevity", move |_, completion| {
///                 f32::from(completion.text.split_whitespace().count() <= max_words)
///             })
///         });
///     })
/// }
/// ```
///
/// A recipe then says `[[reward]]`, `name = "brevity"`, `max_words = 60`.
pub fn main_with(register: impl FnOnce(&mut Registry)) -> ExitCode {
    crate::process::prepare();
    let mut registry = Registry::new();
    register(&mut registry);
    let parsed = help::command::<Cli>().try_get_matches().and_then(|found| Cli::from_arg_matches(&found));
    let command = match parsed {
        Ok(cli) => {
            cli.precision.into_iter().for_each(Precision::choose);
            cli.command
        }
        Err(error) => return misused(&error),
    };
    panic::set_hook(Box::new(|panic| eprintln!("error: r1 has a bug: {}", one_line(&panic.to_string()))));
    let outcome = panic::catch_unwind(AssertUnwindSafe(|| match &command {
        Command::Train(arguments) => train::run(arguments, &registry),
        Command::Grpo(arguments) => grpo::run(arguments, &registry),
        Command::Replay(arguments) => replay::run(arguments, &registry),
        Command::Diagnose(arguments) => diagnose::run(arguments),
        Command::Logprobs(arguments) => logprobs::run(arguments),
        Command::Generate(arguments) => generate::run(arguments),
        Command::Chat(arguments) => chat::run(arguments),
        Command::Serve(arguments) => serve::run(arguments),
        Command::Grade(arguments) => grade::run(arguments),
        Command::Eval(arguments) => eval::run(arguments),
        Command::Compare(arguments) => compare::run(arguments),
        Command::Reject(arguments) => reject::run(arguments),
        Command::Sft(arguments) => sft::run(arguments, &registry),
        Command::Decontaminate(arguments) => decontaminate::run(arguments),
        Command::RunCode(arguments) => run_code::run(arguments),
        Command::GradeCode(arguments) => grade_code::run(arguments),
        Command::Audit(arguments) => audit::run(arguments, &registry),
        Command::Convert(arguments) => convert::run(arguments),
        Command::Problems(arguments) => problems::run(arguments),
        Command::Plan(arguments) => plan::run(arguments),
        Command::Completions(arguments) => completions::run(arguments, help::command::<Cli>()),
        Command::Man(arguments) => man::run(arguments, help::command::<Cli>()),
    }));
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
        Ok(Err(Failure::Interrupted(status))) => ExitCode::from(status),
        // The lines were named when they were met; the answer was given; the panic by its hook.
        Ok(Err(Failure::Lines | Failure::Answered)) | Err(_) => ExitCode::FAILURE,
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
    let reason = match error.get(ContextKind::InvalidSubcommand) {
        Some(ContextValue::String(word)) if error.kind() == ErrorKind::InvalidSubcommand => unknown(word),
        _ => one_line(&reason[..end.unwrap_or(reason.len())]),
    };
    eprintln!("error: {reason}; see `{}`", help_of_called());
    ExitCode::from(2)
}

/// What to say of a command that there is not.
fn unknown(word: &str) -> String {
    let command = help::command::<Cli>();
    let names: Vec<&str> = command.get_subcommands().map(clap::Command::get_name).collect();
    let meant = suggest::command(word, &names).map(|name| format!("; `r1 {name}` may be meant"));
    // The word may have any bytes in it, and the sentence is one line.
    format!("there is no command `{}`{}", one_line(word), meant.unwrap_or_default())
}

/// The help of the command that was called, or of all when there is none of this name.
fn help_of_called() -> String {
    let command = help::command::<Cli>();
    let called = std::env::args_os()
        .nth(1)
        .and_then(|name| name.into_string().ok())
        .filter(|name| command.find_subcommand(name).is_some());
    called.map_or("r1 --help".to_owned(), |name| format!("r1 {name} --help"))
}
