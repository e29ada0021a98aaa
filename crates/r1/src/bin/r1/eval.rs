//! `r1 eval`: how good a model is on a file of problems.

use std::{
    ffi::OsString,
    num::NonZeroUsize,
    path::{Path, PathBuf},
    time::Instant,
};

use clap::{Args, ValueEnum};
use r1_core::template::PromptTemplate;
use r1_data::dataset::Format;
use r1_eval::{BENCHMARKS, Benchmark, EvalConfig, EvalReport, evaluate_with};
use r1_rewards::{AccuracyReward, Mode, Reward, TaskReward};
use r1_run::{Progress, Status, atomic::write_file};
use serde_json::json;

use crate::{
    checkpoint::{fitting, load},
    failure::Failure,
    grade::ModeArgument,
    guess,
    lines::answer,
    sampling::SamplingArguments,
    template::{TemplateArgument, template},
    writable::check_out,
};

/// Samples, grades and counts a model's answers to a file of problems
///
/// Writes the figures to FILE and every completion to FILE.samples.jsonl, each whole or not at all, and
/// prints the figures on standard output as one line. Every figure is a mean over the problems; those
/// whose reference cannot be used are left out and counted. Random numbers depend on the seed and the
/// problem's id alone. Prompt, grader and sampling stand beside every completion.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  r1 eval --model DIR --data test.jsonl --format gsm8k --samples 4 --limit 100 --out report.json
  r1 eval --model DIR --data math500.jsonl --benchmark math500 --max-tokens 4096 --out report.json")]
pub(crate) struct Arguments {
    /// Checkpoint folder in Hugging Face layout
    #[arg(long, value_name = "DIR")]
    model: PathBuf,
    /// File of problems, one JSON object a line
    #[arg(long, value_name = "FILE")]
    data: PathBuf,
    /// Take prompt, samples, sampling and grading of a benchmark, but for what is given here: aime24,
    /// aime25, math500, gsm8k, svamp or mgsm_zh
    #[arg(long, value_name = "NAME", value_parser = benchmark)]
    benchmark: Option<&'static Benchmark>,
    /// Layout of the file: gsm8k, svamp, math, aime, mgsm or problems [default: the benchmark's, else by
    /// its first line]
    #[arg(long)]
    format: Option<Format>,
    #[command(flatten)]
    sampling: SamplingArguments,
    /// Take only the first problems of the file
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// What is put around a question [default: chat if the checkpoint has a template, with the
    /// benchmark's directive, else r1-zero]
    #[arg(long, value_enum)]
    template: Option<TemplateArgument>,
    /// Where an answer may stand; always after the thoughts [default: the benchmark's, else strict]
    #[arg(long, value_enum)]
    mode: Option<ModeArgument>,
    /// Who grades
    #[arg(long, value_enum, default_value = "accuracy")]
    grader: GraderArgument,
    /// Where the figures are written
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum GraderArgument {
    /// The math verifier, or the rules of choices and countdown
    Accuracy,
    /// The verifiers of the procedural tasks, by the problems' metadata
    Task,
}

fn benchmark(name: &str) -> Result<&'static Benchmark, String> {
    Benchmark::by_name(name).ok_or_else(|| {
        let known: Vec<&str> = BENCHMARKS.iter().map(|benchmark| benchmark.name).collect();
        format!("`{name}` is no benchmark; expected {}", known.join(", "))
    })
}

/// Evaluates, writes and prints.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    // Whether there is a chat template decides about the prompt alone, and the model is read later.
    let base = arguments.benchmark.map_or_else(EvalConfig::new, |benchmark| benchmark.config(true));
    let sampling = arguments.sampling.over(base.sampling.clone())?;
    check_out(&arguments.out)?;
    let format = arguments.format.or(arguments.benchmark.map(|benchmark| benchmark.format));
    let format = format.map_or_else(|| guess::format(&arguments.data), Ok)?;
    let mut problems = format.load(&arguments.data)?;
    if let Some(benchmark) = arguments.benchmark.filter(|benchmark| benchmark.problems != problems.len()) {
        let (name, all, found) = (benchmark.name, benchmark.problems, problems.len());
        eprintln!("warning: {name} has {all} problems; `{}` has {found}", arguments.data.display());
    }
    problems.truncate(arguments.limit.unwrap_or(usize::MAX));
    let mut model = load(&arguments.model)?;
    let chat = arguments.benchmark.map_or(PromptTemplate::Chat { system: None }, |benchmark| {
        PromptTemplate::Directed { directive: benchmark.directive.to_owned() }
    });
    let (can_chat, folder) = (model.template.is_some(), arguments.model.display().to_string());
    let mode = arguments.mode.map(Mode::from).or(arguments.benchmark.map(|benchmark| benchmark.mode));
    let mode = mode.unwrap_or_default();
    let samples = arguments.sampling.samples.map_or(base.samples, NonZeroUsize::get);
    let config = base
        .with_samples(samples)
        .with_seed(arguments.sampling.seed)
        .with_sampling(sampling)
        .with_template(template(arguments.template, chat, can_chat, &folder)?)
        .with_provenance("mode", json!(mode))
        .with_provenance("model", folder)
        .with_provenance("data", arguments.data.display().to_string());
    for problem in &problems {
        fitting(&model, &config.template.render(problem), model.config.context - 1).map_err(|reason| {
            Failure::Job(format!("the prompt of problem `{}` cannot be used: {reason}", problem.id))
        })?;
    }
    let reward: Box<dyn Reward> = match arguments.grader {
        GraderArgument::Accuracy => Box::new(AccuracyReward::new().with_mode(mode)),
        GraderArgument::Task => Box::new(TaskReward::new().with_mode(mode)),
    };
    let (start, mut progress) = (Instant::now(), Progress::new(problems.len() as u64));
    let report = evaluate_with(&mut model, &problems, &reward, &config, |state| {
        let written = (state.done * config.samples) as f64;
        let status = Status {
            reward: None,
            pass_at_1: state.pass_at_1,
            completion_tokens: Some(state.tokens as f64 / written),
            tokens_per_second: Some(state.tokens as f64 / start.elapsed().as_secs_f64()),
        };
        progress.update(state.done as u64, &status);
    })?;
    progress.finish();
    write(&report, &arguments.out)?;
    answer(&report)
}

/// The samples first: whoever sees the report finds them beside it.
fn write(report: &EvalReport, out: &Path) -> Result<(), Failure> {
    let mut rows = Vec::new();
    for row in &report.rows {
        serde_json::to_writer(&mut rows, row)?;
        rows.push(b'\n');
    }
    let mut beside = OsString::from(out);
    beside.push(".samples.jsonl");
    write_file(Path::new(&beside), &rows)?;
    let mut figures = serde_json::to_vec_pretty(report)?;
    figures.push(b'\n');
    Ok(write_file(out, &figures)?)
}
