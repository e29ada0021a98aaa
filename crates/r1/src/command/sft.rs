//! `r1 sft`: a recipe of fine-tuning in a few flags.

use std::path::{Path, PathBuf};

use clap::Args;
use toml::{Table, Value};

use crate::{
    command::{
        failure::Failure,
        grpo::model,
        train::{How, train_flags},
    },
    recipe::Registry,
};

/// Fine-tunes a model on a file of traces
///
/// Only completions are learnt, with the token that ends the turn; the learning rate falls along a cosine to a tenth.
/// The folder OUT gets metrics.jsonl, checkpoints/ and, at the end, model/ in Hugging Face layout. The same command goes
/// on where it stopped. What it came to is one line on standard output. The recipe that the flags mean is printed on
/// standard error when the run begins; save it and give it to `r1 train` to change what has no flag here.
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
    /// Freezes the model and trains an adapter of this rank beside every linear layer
    #[arg(long, value_name = "RANK")]
    lora: Option<u32>,
    /// File of traces: JSON lines, JSON, CSV or Parquet; may be given several times
    #[arg(long, value_name = "TRACES.jsonl", required = true)]
    data: Vec<PathBuf>,
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
    batch_size: u64,
    /// Greatest learning rate
    #[arg(long, value_name = "RATE", default_value_t = 5e-5, allow_negative_numbers = true)]
    learning_rate: f64,
    /// Updates over which the learning rate grows from zero
    #[arg(long, value_name = "N", default_value_t = 0)]
    warmup: u64,
    /// Most tokens of a trace, prompt included [default: 32768, and the model's context]
    #[arg(long, value_name = "N")]
    max_tokens: Option<u64>,
    /// Leaves longer traces out, and says how many; without it they are an error
    #[arg(long)]
    skip_long: bool,
    /// Most tokens of one pass; bounds memory and does not change the result
    #[arg(long, value_name = "N", default_value_t = 4096)]
    tokens_per_micro_batch: u64,
    /// Updates between two checkpoints; 0 saves at the end only
    #[arg(long, value_name = "N", default_value_t = 50)]
    save_every: u64,
    /// Names the order of the traces
    #[arg(long, value_name = "S", default_value_t = 0)]
    seed: u64,
    #[command(flatten)]
    how: How,
}

/// Makes the recipe, shows it and does what it says.
pub(crate) fn run(arguments: &Arguments, registry: &Registry) -> Result<(), Failure> {
    train_flags(&recipe(arguments)?.to_string(), registry, &arguments.how)
}

fn recipe(arguments: &Arguments) -> Result<Table, Failure> {
    let whole = |name: &str, value: u64| {
        let value = i64::try_from(value);
        value.map(Value::Integer).map_err(|_| Failure::Usage(format!("--{name} is too large")))
    };
    let table = |fields: Vec<(&str, Value)>| {
        Value::Table(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    };
    let text = |path: &Path| Value::String(path.display().to_string());
    let sources = |files: &[PathBuf]| {
        let files = files.iter().map(|file| table(vec![("file", text(file))])).collect();
        table(vec![("sources", Value::Array(files))])
    };
    let mut settings = vec![
        ("epochs", whole("epochs", arguments.epochs)?),
        ("batch_size", whole("batch-size", arguments.batch_size)?),
        ("learning_rate", Value::Float(arguments.learning_rate)),
        ("warmup", whole("warmup", arguments.warmup)?),
        ("tokens_per_micro_batch", whole("tokens-per-micro-batch", arguments.tokens_per_micro_batch)?),
    ];
    if let Some(most) = arguments.max_tokens {
        settings.push(("max_tokens", whole("max-tokens", most)?));
    }
    if arguments.skip_long {
        settings.push(("skip_long", Value::Boolean(true)));
    }
    let mut recipe = vec![
        ("method", Value::String("sft".into())),
        ("seed", whole("seed", arguments.seed)?),
        ("model", model(&arguments.model, arguments.lora)),
        ("data", sources(&arguments.data)),
        ("sft", table(settings)),
    ];
    if let Some(file) = &arguments.eval {
        recipe.push(("held_out", sources(std::slice::from_ref(file))));
    }
    let save_every = whole("save-every", arguments.save_every)?;
    recipe.push(("output", table(vec![("dir", text(&arguments.out)), ("save_every", save_every)])));
    Ok(recipe.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}
