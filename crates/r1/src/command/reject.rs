//! `r1 reject`: traces from a teacher's right and readable answers.

use std::{
    num::NonZeroUsize,
    path::{Path, PathBuf},
    time::Instant,
};

use clap::Args;
use serde_json::{Map, Value, json};

use crate::{
    command::{
        begun::beside,
        checkpoint::{fitting, load},
        failure::Failure,
        grade::ModeArgument,
        guess,
        interrupt::Stoppable,
        lines::answer,
        sampling::SamplingArguments,
        template::{TemplateArgument, template},
    },
    core::{Generate, Problem, Sampling, template::PromptTemplate},
    data::dataset::Format,
    distill::{Readability, RejectionConfig, rejection_sample_into},
    rewards::AccuracyReward,
    run::{Digest, Fingerprint, Lock, Output, Progress, RunError, Status},
};

/// Completions written at a time, about; as many as the engine writes together.
const BATCH: usize = 256;

/// Asks a teacher every problem of a file several times and keeps what is right and readable
///
/// Appends traces to OUT, which `r1 sft` reads, and notes every problem that was asked in OUT.journal.jsonl: the same
/// command goes on where it stopped, and with more problems; with another model, other references or settings it refuses.
/// Dropped are wrong answers, completions that the limit cut off, thoughts that mix
/// languages, have long paragraphs or code blocks, repetitions, and what goes beyond --max-per-problem. What became of all
/// completions is one line on standard output.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  r1 reject --model checkpoints/teacher --data train.jsonl --format gsm8k --samples 4 --out traces.jsonl
  r1 reject --endpoint http://localhost:8000/v1 --teacher qwen3-32b --data train.jsonl --format math \
    --temperature 0.6 --top-p 0.95 --max-tokens 16384 --out traces.jsonl
  r1 reject --endpoint https://api.deepseek.com/v1 --teacher deepseek-reasoner --key-env DEEPSEEK_API_KEY \
    --data train.jsonl --format gsm8k --mode anchored --max-tokens 16384 --out traces.jsonl

A teacher behind an endpoint is asked in a conversation, whose template is the server's.")]
pub(crate) struct Arguments {
    /// Checkpoint folder of the teacher in Hugging Face layout
    #[arg(long, value_name = "DIR", required_unless_present = "endpoint", conflicts_with = "endpoint")]
    model: Option<PathBuf>,
    /// Teacher behind an OpenAI-compatible endpoint, asked at URL/chat/completions (builds with `--features remote`)
    #[arg(long, value_name = "URL", requires = "teacher")]
    endpoint: Option<String>,
    /// The teacher's name at the endpoint, and what it is called in the traces [default: the model's folder]
    #[arg(long, value_name = "NAME")]
    teacher: Option<String>,
    /// Environment variable with the key of the endpoint
    #[arg(long, value_name = "VARIABLE", requires = "endpoint")]
    key_env: Option<String>,
    /// Calls of the endpoint at a time
    #[arg(long, value_name = "N", default_value = "8", requires = "endpoint")]
    parallel: NonZeroUsize,
    /// File of problems, one JSON object a line
    #[arg(long, value_name = "FILE")]
    data: PathBuf,
    /// Layout of the file, as for eval [default: by its first line]
    #[arg(long)]
    format: Option<Format>,
    /// Where the traces are appended
    #[arg(long, value_name = "TRACES.jsonl")]
    out: PathBuf,
    #[command(flatten)]
    sampling: SamplingArguments,
    /// Most traces of one problem
    #[arg(long, value_name = "N", default_value_t = 4)]
    max_per_problem: usize,
    /// Keeps unreadable completions, too
    #[arg(long)]
    any_style: bool,
    /// Take only the first problems of the file
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// Problems asked at once; does not change the traces [default: as many as make 256 completions, at most 32]
    #[arg(long, value_name = "N")]
    chunk: Option<usize>,
    /// What is put around a question [default: chat if the checkpoint has a template, else r1-zero]
    #[arg(long, value_enum)]
    template: Option<TemplateArgument>,
    /// Where an answer may stand; always after the thoughts
    #[arg(long, value_enum, default_value = "strict")]
    mode: ModeArgument,
}

/// Samples, scores, writes and counts.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let base = Sampling { max_tokens: 1024, ..Sampling::default() };
    let samples = arguments.sampling.samples.map_or(4, NonZeroUsize::get);
    let mut config = RejectionConfig::new()
        .with_samples(samples)
        .with_sampling(arguments.sampling.over(base)?)
        .with_seed(arguments.sampling.seed)
        .with_max_per_problem(arguments.max_per_problem)
        .with_chunk(arguments.chunk.unwrap_or((BATCH / samples).clamp(1, 32)));
    if arguments.any_style {
        config = config.with_readability(Readability::anything());
    }
    config.validate().map_err(|error| Failure::Usage(crate::command::failure::sentence(&error)))?;
    let out = Output::open(&arguments.out)?;
    let file = out.file().ok_or_else(|| {
        let shown = arguments.out.display();
        Failure::Job(format!("traces are appended, and `{shown}` is no regular file; choose another --out"))
    })?;
    let lock = Lock::beside(file)?;
    let format = arguments.format.map_or_else(|| guess::format(&arguments.data), Ok)?;
    let mut problems = format.load(&arguments.data)?;
    problems.truncate(arguments.limit.unwrap_or(usize::MAX));
    let (mut teacher, config) = teacher(arguments, config, &problems)?;
    let reward = AccuracyReward::new().with_mode(arguments.mode.into());
    let run = beside(&arguments.out, "run.json");
    let fingerprint = fingerprint(arguments, &config)?;
    let known = begin(&fingerprint, arguments, &problems, &run)?;
    let stoppable = Stoppable::new(
        Some(lock),
        format!("the traces so far are in `{}`; the same command goes on", arguments.out.display()),
    )?;
    let (start, mut progress, mut asked) = (Instant::now(), Progress::new(problems.len() as u64), false);
    let report =
        rejection_sample_into(&arguments.out, &mut *teacher, &problems, &reward, &config, |state| {
            asked = true;
            let report = state.report;
            let status = Status {
                pass_at_1: Some(report.correct as f64 / report.samples as f64),
                completion_tokens: Some(report.tokens as f64 / report.samples as f64),
                tokens_per_second: Some(report.tokens as f64 / start.elapsed().as_secs_f64()),
                ..Status::default()
            };
            progress.update(state.done as u64, &status);
        })?;
    progress.finish();
    if !asked {
        let shown = arguments.out.display();
        eprintln!("`{shown}` is finished, with the same model, data and settings; nothing was done");
    }
    stoppable.finish(|| Ok(known.finish(&run)?))?;
    answer(&report)
}

/// Everything that decides about the traces, but for the problems.
fn fingerprint(arguments: &Arguments, config: &RejectionConfig) -> Result<Fingerprint, Failure> {
    let settings =
        json!({"mode": format!("{:?}", arguments.mode).to_lowercase(), "endpoint": arguments.endpoint});
    let fingerprint = Fingerprint::new("reject")
        .with_settings(&RejectionConfig { chunk: 0, ..config.clone() })
        .with_settings(&settings);
    Ok(match &arguments.model {
        Some(model) => fingerprint.with_input("model", model, Digest::of_model(model)?),
        None => fingerprint,
    })
}

/// Compares with the run that stands there, which may have been begun with fewer problems, or begins a new one.
fn begin(
    fingerprint: &Fingerprint,
    arguments: &Arguments,
    problems: &[Problem],
    run: &Path,
) -> Result<Fingerprint, Failure> {
    let out = &arguments.out;
    let digests: Map<String, Value> = problems
        .iter()
        .map(|problem| Ok((problem.id.clone(), Digest::of_rows([problem])?.short().into())))
        .collect::<Result<_, RunError>>()?;
    let there = Fingerprint::read(run)?;
    if there.is_none() && beside(out, "journal.jsonl").exists() {
        let stray = beside(out, "journal.jsonl");
        return Err(RunError::NotOurs { path: out.clone(), stray }.into());
    }
    let known = there.as_ref().and_then(|there| there.setting("problems")).and_then(Value::as_object);
    for (id, digest) in known.into_iter().flatten() {
        let difference = match digests.get(id) {
            Some(now) if now == digest => continue,
            Some(_) => format!("data: problem `{id}` had another question or reference"),
            None => format!("data: problem `{id}` is no longer in it"),
        };
        return Err(RunError::OtherRun { path: out.clone(), difference }.into());
    }
    let before = known.cloned().unwrap_or_else(|| digests.clone());
    let begun = fingerprint.clone().with_setting("problems", before).begin(run);
    begun.map_err(|error| match error {
        RunError::OtherRun { difference, .. } => RunError::OtherRun { path: out.clone(), difference },
        error => error,
    })?;
    let now = fingerprint.clone().with_setting("problems", digests);
    now.replace(run)?;
    Ok(now)
}

/// The teacher, and the settings with its name and template; a local one is asked only what it can read.
fn teacher(
    arguments: &Arguments,
    config: RejectionConfig,
    problems: &[Problem],
) -> Result<(Box<dyn Generate>, RejectionConfig), Failure> {
    let (chat, named) = (PromptTemplate::Chat { system: None }, arguments.teacher.clone());
    if let Some(endpoint) = &arguments.endpoint {
        let name = named.unwrap_or_default();
        let template = template(arguments.template, chat, true, &name)?;
        return Ok((client(arguments, endpoint, &name)?, config.with_template(template).with_teacher(name)));
    }
    let folder = arguments.model.clone().unwrap_or_default();
    let (model, shown) = (load(&folder)?, folder.display().to_string());
    let config = config.with_template(template(arguments.template, chat, model.template.is_some(), &shown)?);
    for problem in problems {
        fitting(&model, &config.template.render(problem), model.config.context - 1).map_err(|reason| {
            Failure::Job(format!("the prompt of problem `{}` cannot be used: {reason}", problem.id))
        })?;
    }
    Ok((Box::new(model), config.with_teacher(named.unwrap_or(shown))))
}

#[cfg(feature = "remote")]
fn client(arguments: &Arguments, endpoint: &str, name: &str) -> Result<Box<dyn Generate>, Failure> {
    let client = crate::data::remote::ChatClient::new(endpoint, name).with_parallel(arguments.parallel.get());
    Ok(Box::new(match &arguments.key_env {
        Some(variable) => client.with_key_of(variable)?,
        None => client,
    }))
}

#[cfg(not(feature = "remote"))]
fn client(_: &Arguments, _: &str, _: &str) -> Result<Box<dyn Generate>, Failure> {
    Err(Failure::Job("this build knows no endpoints; build r1 with `--features remote`".into()))
}
