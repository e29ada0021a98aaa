//! `r1 sft`: teach a model the completions of a file of traces.

use std::path::{Path, PathBuf};

use clap::Args;
use r1::{
    core::Trace,
    data::dataset::TraceFormat,
    distill::{DistillError, SftConfig, SftTrainer},
    model::LanguageModel,
    pipeline::{PipelineError, Stage},
    run::{Digest, Fingerprint, Interrupt, Lock},
};
use serde_json::json;

use crate::{
    checkpoint::load,
    failure::{Failure, sentence},
    lines::answer,
};

/// Fine-tunes a model on a file of traces
///
/// Only completions are learnt, with the token that ends the turn; the learning rate falls along a cosine to a tenth.
/// The folder OUT gets metrics.jsonl, checkpoints/ and, at the end, model/ in Hugging Face layout. The same command goes
/// on where it stopped. What it came to is one line on standard output.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  r1 sft --model checkpoints/base --data traces.jsonl --out runs/cold_start
  r1 sft --model checkpoints/base --data traces.jsonl --eval held_out.jsonl --out runs/student \\
    --batch-size 64 --learning-rate 1e-4 --max-tokens 4096 --skip-long

A line of TRACES.jsonl, whose prompt is a text, a list of messages or a list of token ids:
  {\"id\":\"1\",\"prompt\":[{\"role\":\"user\",\"content\":\"2 + 2?\"}],\"completion\":\"<think>..</think> 4\"}")]
pub(crate) struct Arguments {
    /// Checkpoint folder of the student in Hugging Face layout
    #[arg(long, value_name = "DIR")]
    model: PathBuf,
    /// File of traces, one JSON object a line
    #[arg(long, value_name = "TRACES.jsonl")]
    data: PathBuf,
    /// Folder of the run
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Traces that are not learnt, for the loss that is reported
    #[arg(long, value_name = "TRACES.jsonl")]
    eval: Option<PathBuf>,
    /// How often each trace is learnt
    #[arg(long, value_name = "N", default_value_t = 2)]
    epochs: u64,
    /// Traces of one update
    #[arg(long, value_name = "N", default_value_t = 64)]
    batch_size: usize,
    /// Greatest learning rate
    #[arg(long, value_name = "RATE", default_value_t = 5e-5, allow_negative_numbers = true)]
    learning_rate: f64,
    /// Updates over which the learning rate grows from zero
    #[arg(long, value_name = "N", default_value_t = 0)]
    warmup: u64,
    /// Most tokens of a trace, prompt included [default: the model's context]
    #[arg(long, value_name = "N")]
    max_tokens: Option<usize>,
    /// Leaves longer traces out, and says how many; without it they are an error
    #[arg(long)]
    skip_long: bool,
    /// Most tokens of one pass; bounds memory and does not change the result
    #[arg(long, value_name = "N", default_value_t = 4096)]
    tokens_per_micro_batch: usize,
    /// Updates between two checkpoints; 0 saves at the end only
    #[arg(long, value_name = "N", default_value_t = 50)]
    save_every: u64,
    /// Names the order of the traces
    #[arg(long, value_name = "S", default_value_t = 0)]
    seed: u64,
}

/// Checks every trace, trains, and prints what it came to.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let base = SftConfig::r1(0);
    let config = SftConfig {
        epochs: arguments.epochs,
        batch_size: arguments.batch_size,
        learning_rate: arguments.learning_rate,
        warmup: arguments.warmup,
        max_tokens: arguments.max_tokens.unwrap_or(usize::MAX),
        tokens_per_micro_batch: arguments.tokens_per_micro_batch,
        ..base
    };
    config.validate().map_err(|error| Failure::Usage(sentence(&error)))?;
    let files = [Some(&arguments.data), arguments.eval.as_ref()];
    let files: Result<Vec<_>, Failure> =
        files.iter().map(|path| path.map_or(Ok(Vec::new()), |path| read(path))).collect();
    let mut files = files?.into_iter();
    let (traces, held_out) = (files.next().unwrap_or_default(), files.next().unwrap_or_default());
    let checker = SftTrainer::new(config.clone(), load(&arguments.model)?)?;
    let traces = fitting(&checker, traces, &arguments.data, arguments.skip_long)?;
    let held_out = match &arguments.eval {
        Some(path) => fitting(&checker, held_out, path, arguments.skip_long)?,
        None => held_out,
    };
    let model: LanguageModel = checker.into_model();
    let lock = Lock::inside(&arguments.out)?;
    let run = arguments.out.join("run.json");
    // The settings stand in the checkpoints, which refuse others.
    let fingerprint = Fingerprint::new("sft")
        .with_input("model", &arguments.model, Digest::of_model(&arguments.model)?)
        .with_input("traces", &arguments.data, Digest::of_rows(&traces)?);
    fingerprint.begin(&run)?;
    let stage = Stage::new(&arguments.out)
        .with_save_every(arguments.save_every)
        .with_interrupt(Interrupt::on_signals()?)
        .with_lock(lock);
    let count = traces.len();
    let tuned = match stage.fine_tune(config, model, traces, &held_out, arguments.seed) {
        Err(error @ PipelineError::Interrupted { status, .. }) => {
            eprintln!("{error}");
            return Err(Failure::Interrupted(status));
        }
        tuned => tuned?,
    };
    fingerprint.finish(&run)?;
    answer(&json!({
        "traces": count, "updates": tuned.updates, "loss": tuned.loss,
        "held_out": held_out.len(), "model": arguments.out.join("model"),
    }))
}

/// The traces of a file in any layout.
fn read(path: &Path) -> Result<Vec<Trace>, Failure> {
    Ok(TraceFormat::detect(path)?.load(path)?)
}

/// The traces that can be learnt; one that cannot is named by file and row before anything is trained.
fn fitting(
    checker: &SftTrainer,
    traces: Vec<Trace>,
    path: &Path,
    skip_long: bool,
) -> Result<Vec<Trace>, Failure> {
    let (mut kept, mut skipped) = (Vec::new(), 0);
    for (index, trace) in traces.into_iter().enumerate() {
        match checker.encode(&trace) {
            Ok(_) => kept.push(trace),
            Err(DistillError::TooLong { .. }) if skip_long => skipped += 1,
            Err(error) => {
                let (path, row, reason) = (path.display(), index + 1, sentence(&error));
                return Err(Failure::Job(format!("`{path}` row {row}: {reason}")));
            }
        }
    }
    if skipped > 0 {
        eprintln!(
            "{skipped} of {} traces in `{}` are too long and left out",
            skipped + kept.len(),
            path.display()
        );
    }
    if kept.is_empty() {
        return Err(Failure::Job(format!(
            "`{}` holds no trace that can be learnt; raise --max-tokens or choose a model with a longer context",
            path.display()
        )));
    }
    Ok(kept)
}
