//! `r1 grpo`: a recipe in a few flags.

use std::path::{Path, PathBuf};

use clap::Args;
use toml::{Table, Value};

use crate::{
    command::{
        failure::Failure,
        train::{How, train_flags},
    },
    recipe::Registry,
};

/// Trains a model by GRPO on a file of problems or on procedural tasks
///
/// The recipe that the flags mean is printed on standard error when the run begins; save it and give it to `r1 train` to change what
/// has no flag here.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  r1 grpo --model checkpoints/qwen2.5-0.5b --data train.jsonl --out runs/zero
  r1 grpo --model examples/nano --task chained_arithmetic --preset r1 --updates 20 --out runs/nano \\
    --set grpo.learning_rate=1e-4 --set grpo.sampling.max_tokens=128
  r1 grpo --model DIR --data train.csv --reward accuracy --reward format --dry-run")]
pub(crate) struct Arguments {
    /// Checkpoint folder in Hugging Face layout
    #[arg(long, value_name = "DIR")]
    model: PathBuf,
    /// Freezes the model and trains an adapter of this rank beside every linear layer
    #[arg(long, value_name = "RANK")]
    lora: Option<u32>,
    /// File of problems: JSON lines, JSON, CSV or Parquet with the columns question and answer, or a known set; may be
    /// given several times
    #[arg(long, value_name = "FILE", required_unless_present = "task")]
    data: Vec<PathBuf>,
    /// Procedural task of level 1; may be given several times
    #[arg(long, value_name = "NAME")]
    task: Vec<String>,
    /// Name of a reward; may be given several times [default: accuracy and format]
    #[arg(long, value_name = "NAME")]
    reward: Vec<String>,
    /// Settings to start from: r1_zero, r1, dapo, dr_grpo, gspo or cispo
    #[arg(long, value_name = "NAME", default_value = "r1_zero")]
    preset: String,
    /// Optimizer updates
    #[arg(long, value_name = "N", default_value_t = 200)]
    updates: u64,
    /// Seed of problems and rollouts
    #[arg(long, value_name = "S", default_value_t = 0)]
    seed: u64,
    /// Folder of the run
    #[arg(long, value_name = "DIR", default_value = "runs/grpo")]
    out: PathBuf,
    #[command(flatten)]
    how: How,
}

/// Makes the recipe, shows it and does what it says.
pub(crate) fn run(arguments: &Arguments, registry: &Registry) -> Result<(), Failure> {
    train_flags(&recipe(arguments).to_string(), registry, &arguments.how)
}

/// The model of a recipe, with an adapter of this rank and twice its alpha.
pub(super) fn model(path: &Path, rank: Option<u32>) -> Value {
    let mut model = Table::new();
    model.insert("path".into(), Value::String(path.display().to_string()));
    if let Some(rank) = rank {
        let lora = [("rank", Value::Integer(rank.into())), ("alpha", Value::Float(2.0 * f64::from(rank)))];
        let lora = lora.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        model.insert("lora".into(), Value::Table(lora));
    }
    Value::Table(model)
}

fn recipe(arguments: &Arguments) -> Table {
    let named = |name: &str, value: String| {
        Value::Table([(name.to_owned(), Value::String(value))].into_iter().collect())
    };
    let files = arguments.data.iter().map(|file| named("file", file.display().to_string()));
    let tasks = arguments.task.iter().map(|task| named("task", task.clone()));
    let mut rewards = arguments.reward.clone();
    if rewards.is_empty() {
        rewards = ["accuracy", "format"].map(String::from).to_vec();
    }
    let mut recipe = Table::new();
    let mut add = |name: &str, value: Value| drop(recipe.insert(name.into(), value));
    add("method", Value::String("grpo".into()));
    add("updates", Value::Integer(arguments.updates as i64));
    add("seed", Value::Integer(arguments.seed as i64));
    add("model", model(&arguments.model, arguments.lora));
    let sources = Value::Array(files.chain(tasks).collect());
    add("data", Value::Table([("sources".to_owned(), sources)].into_iter().collect()));
    add("reward", Value::Array(rewards.into_iter().map(|name| named("name", name)).collect()));
    add("grpo", named("preset", arguments.preset.clone()));
    add("output", named("dir", arguments.out.display().to_string()));
    recipe
}
