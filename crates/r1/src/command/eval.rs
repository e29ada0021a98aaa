//! `r1 eval`: how good a model is on a file of problems.

use std::{
    fs,
    num::NonZeroUsize,
    path::{Path, PathBuf},
    time::Instant,
};

use clap::{Args, ValueEnum};
use r1_core::{Problem, Reference, template::PromptTemplate};
use r1_data::dataset::Format;
use r1_eval::{
    BENCHMARKS, Benchmark, EvalConfig, EvalError, EvalProgress, EvalReport, Journal, evaluate_into,
    evaluate_with,
};
use r1_model::LanguageModel;
use r1_rewards::{
    AccuracyReward, Mode, Reward, TaskReward,
    code::{CodeReward, Judge, Language},
};
use r1_run::{Begun, Digest, Fingerprint, Lock, Output, Progress, RunError, Status, atomic::write_file};
use serde_json::json;

use crate::command::{
    begun::{begin, beside, with_problems},
    checkpoint::{ModelArguments, fitting},
    failure::Failure,
    grade::ModeArgument,
    guess,
    interrupt::Stoppable,
    lines::{answer, write_output},
    sampling::SamplingArguments,
    template::{TemplateArgument, template},
};

/// Completions written at a time, about; as many as the engine writes together.
const BATCH: usize = 256;

/// Samples, grades and counts a model's answers to a file of problems
///
/// Writes the figures to FILE and every completion to FILE.samples.jsonl, each whole or not at all, and
/// prints the figures on standard output as one line. FILE.run.json says what they were made of. The same command goes on
/// where it stopped, from FILE.journal.jsonl; with another model, other data or settings it refuses. Every figure is a mean over the problems; those
/// whose reference cannot be used are left out and counted. Random numbers depend on the seed and the
/// problem's id alone. Prompt, grader and sampling stand beside every completion.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  r1 eval --model DIR --data test.jsonl --format gsm8k --samples 4 --limit 100 --out report.json
  r1 eval --model DIR --data math500.jsonl --benchmark math500 --max-tokens 4096 --out report.json")]
pub(crate) struct Arguments {
    #[command(flatten)]
    model: ModelArguments,
    /// File of problems, one JSON object a line
    #[arg(long, value_name = "FILE")]
    data: PathBuf,
    /// Take prompt, samples, sampling and grading of a benchmark, but for what is given here: aime24,
    /// aime25, math500, gsm8k, svamp or mgsm_zh
    #[arg(long, value_name = "NAME", value_parser = benchmark)]
    benchmark: Option<&'static Benchmark>,
    /// Layout of the file: gsm8k, svamp, math, aime, mgsm, humaneval, mbpp, problems or another of
    /// `r1 grade-code` [default: the benchmark's, else by its first line]
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
    /// Where the figures are written; a device or pipe gets the figures alone, and nothing to go on from
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Begin anew and replace what r1 wrote to FILE
    #[arg(long)]
    overwrite: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum GraderArgument {
    /// The math verifier, the rules of choices and countdown, or the tests of programs in the cage
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
    let output = Output::open(&arguments.out)?;
    let lock = output.file().map(Lock::beside).transpose()?;
    let problems = problems(arguments)?;
    let mode = arguments.mode.map(Mode::from).or(arguments.benchmark.map(|benchmark| benchmark.mode));
    let mode = mode.unwrap_or_default();
    let reward = reward(arguments.grader, mode, &problems)?;
    let mut model = arguments.model.load()?;
    let chat = arguments.benchmark.map_or(PromptTemplate::Chat { system: None }, |benchmark| {
        PromptTemplate::Directed { directive: benchmark.directive.to_owned() }
    });
    let (can_chat, folder) = (model.template.is_some(), arguments.model.path.display().to_string());
    let samples = arguments.sampling.samples.map_or(base.samples, NonZeroUsize::get);
    let chunk = (BATCH / samples).clamp(1, base.chunk);
    let config = base
        .with_samples(samples)
        .with_seed(arguments.sampling.seed)
        .with_sampling(sampling)
        .with_chunk(chunk)
        .with_template(template(arguments.template, chat, can_chat, &folder)?)
        .with_provenance("mode", json!(mode))
        .with_provenance("model", folder)
        .with_provenance("weights", json!(arguments.model.weights))
        .with_provenance("data", arguments.data.display().to_string());
    for problem in &problems {
        fitting(&model, &config.template.render(problem), model.config.context - 1).map_err(|reason| {
            Failure::Job(format!("the prompt of problem `{}` cannot be used: {reason}", problem.id))
        })?;
    }
    let evaluation = Evaluation { problems, reward, config };
    if output.file().is_none() {
        eprintln!("`{}` is no regular file: it gets the figures, and no samples", arguments.out.display());
        let report = evaluation.run(&mut model, None)?;
        if !output.is_standard_output() {
            output.write(&figures(&report)?)?;
        }
        return answer(&report);
    }
    evaluation.go_on(arguments, &mut model, &output, lock)
}

/// The reward that grades; in the cage where a problem has tests, which is refused before the model is read if the
/// cage does not hold here.
fn reward(grader: GraderArgument, mode: Mode, problems: &[Problem]) -> Result<Box<dyn Reward>, Failure> {
    let accuracy = AccuracyReward::new().with_mode(mode);
    let has_tests = |problem: &Problem| matches!(problem.reference, Reference::Tests { .. });
    Ok(match grader {
        GraderArgument::Accuracy if problems.iter().any(has_tests) => {
            let judge = Judge::new()?;
            eprintln!("{}", judge.report());
            let code = CodeReward::new(judge, Language::PYTHON);
            if problems.iter().all(has_tests) { Box::new(code) } else { Box::new(code.or_else(accuracy)) }
        }
        GraderArgument::Accuracy => Box::new(accuracy),
        GraderArgument::Task => Box::new(TaskReward::new().with_mode(mode)),
    })
}

/// The problems that are asked.
fn problems(arguments: &Arguments) -> Result<Vec<Problem>, Failure> {
    let format = arguments.format.or(arguments.benchmark.map(|benchmark| benchmark.format));
    let format = format.map_or_else(|| guess::format(&arguments.data), Ok)?;
    let mut problems = format.load(&arguments.data)?;
    if let Some(benchmark) = arguments.benchmark.filter(|benchmark| benchmark.problems != problems.len()) {
        let (name, all, found) = (benchmark.name, benchmark.problems, problems.len());
        eprintln!("warning: {name} has {all} problems; `{}` has {found}", arguments.data.display());
    }
    problems.truncate(arguments.limit.unwrap_or(usize::MAX));
    if problems.is_empty() {
        return Err(EvalError::Empty.into());
    }
    Ok(problems)
}

/// What is evaluated, and how.
struct Evaluation {
    problems: Vec<Problem>,
    reward: Box<dyn Reward>,
    config: EvalConfig,
}

impl Evaluation {
    /// Begins, goes on, or tells that it is done.
    fn go_on(
        self,
        arguments: &Arguments,
        model: &mut LanguageModel,
        output: &Output,
        lock: Option<Lock>,
    ) -> Result<(), Failure> {
        let out = &arguments.out;
        let [samples, journal, run] =
            ["samples.jsonl", "journal.jsonl", "run.json"].map(|suffix| beside(out, suffix));
        let own = [out.clone(), samples.clone(), journal.clone()];
        let fingerprint = self.fingerprint(arguments)?;
        if begin(&fingerprint, out, &own, arguments.overwrite)? == Begun::Finished && out.is_file() {
            eprintln!(
                "`{}` is finished, with the same model, data and settings; nothing was done",
                out.display()
            );
            return print_again(out);
        }
        let mut journal_file = Journal::open(&journal)?;
        if !journal_file.is_empty() {
            eprintln!("going on after {} of {} problems", journal_file.len(), self.problems.len());
        }
        let stoppable = Stoppable::new(
            lock,
            format!(
                "the problems done are in `{}`; the same command goes on with the others",
                journal.display()
            ),
        )?;
        let report = self.run(model, Some(&mut journal_file))?;
        // The samples first: whoever sees the report finds them beside it.
        stoppable.finish(|| {
            let mut rows = Vec::new();
            for row in &report.rows {
                serde_json::to_writer(&mut rows, row)?;
                rows.push(b'\n');
            }
            write_file(&samples, &rows)?;
            output.write(&figures(&report)?)?;
            fingerprint.finish(&run)?;
            Ok(fs::remove_file(&journal)
                .map_err(|source| RunError::Write { path: journal.clone(), source })?)
        })?;
        answer(&report)
    }

    /// Everything that decides about the report, but for the places where things are.
    fn fingerprint(&self, arguments: &Arguments) -> Result<Fingerprint, Failure> {
        let EvalConfig {
            samples,
            sampling,
            seed,
            template,
            correct_at,
            same_answer,
            group_by,
            provenance,
            ..
        } = &self.config;
        let mut settings = json!({
            "mode": provenance.get("mode"), "grader": self.reward.name(), "samples": samples, "seed": seed,
            "sampling": sampling, "template": template, "correct_at": correct_at, "same_answer": same_answer,
            "group_by": group_by, "benchmark": arguments.benchmark.map(|benchmark| benchmark.name),
        });
        if let Some(weights) = arguments.model.weights {
            settings["weights"] = json!(weights);
        }
        let fingerprint = Fingerprint::new("eval")
            .with_input("model", &arguments.model.path, Digest::of_model(&arguments.model.path)?)
            .with_settings(&settings);
        with_problems(fingerprint, &arguments.data, &self.problems)
    }

    /// Asks, grades and counts, with or without a journal.
    fn run(&self, model: &mut LanguageModel, journal: Option<&mut Journal>) -> Result<EvalReport, Failure> {
        let Self { problems, reward, config } = self;
        let (start, mut progress) = (Instant::now(), Progress::new(problems.len() as u64));
        let on_progress = |state: EvalProgress| {
            let written = (state.done * config.samples) as f64;
            let status = Status {
                reward: None,
                pass_at_1: state.pass_at_1,
                completion_tokens: Some(state.tokens as f64 / written),
                tokens_per_second: Some(state.tokens as f64 / start.elapsed().as_secs_f64()),
            };
            progress.update(state.done as u64, &status);
        };
        let report = match journal {
            Some(journal) => evaluate_into(journal, model, problems, reward, config, on_progress),
            None => evaluate_with(model, problems, reward, config, on_progress),
        }?;
        progress.finish();
        Ok(report)
    }
}

fn figures(report: &EvalReport) -> Result<Vec<u8>, Failure> {
    let mut figures = serde_json::to_vec_pretty(report)?;
    figures.push(b'\n');
    Ok(figures)
}

/// Prints a report that is there already, as one line.
fn print_again(out: &Path) -> Result<(), Failure> {
    let text = fs::read(out).map_err(|source| RunError::Read { path: out.to_owned(), source })?;
    let (mut line, mut quoted, mut escaped) = (Vec::with_capacity(text.len()), false, false);
    for byte in text {
        if quoted || !byte.is_ascii_whitespace() {
            line.push(byte);
        }
        quoted ^= byte == b'"' && !escaped;
        escaped = quoted && byte == b'\\' && !escaped;
    }
    line.push(b'\n');
    write_output(&line)
}
