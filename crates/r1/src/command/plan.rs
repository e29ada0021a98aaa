//! `r1 plan`: the memory of a training run, before it starts.

use std::path::PathBuf;

use clap::{Args, value_parser};
use r1_model::{LoraConfig, ModelConfig};
use r1_train::{
    Recompute,
    plan::{MemoryPlan, TrainingRun},
};
use serde_json::json;

use crate::command::{failure::Failure, lines::answer};

/// Predicts the peak memory of GRPO on the CPU, or the largest batch that fits
///
/// Only config.json is read. The prediction is one JSON line, in bytes by part. With --memory-gb a run that does
/// not fit is refused, and the error names the largest --batch-tokens that would.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  r1 plan --model DIR --batch-tokens 2048 --group-size 8 --max-tokens 512 --memory-gb 8"
)]
pub(crate) struct Arguments {
    /// Checkpoint folder in Hugging Face layout
    #[arg(long, value_name = "DIR")]
    model: PathBuf,
    /// Most tokens in one forward and backward pass
    #[arg(long, value_name = "N", default_value_t = 4096, value_parser = value_parser!(u32).range(1..=1 << 30))]
    batch_tokens: u32,
    /// Problems of a step
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = value_parser!(u32).range(1..))]
    prompts: u32,
    /// Completions of each problem
    #[arg(long, value_name = "G", default_value_t = 16, value_parser = value_parser!(u32).range(1..))]
    group_size: u32,
    /// Longest prompt
    #[arg(long, value_name = "N", default_value_t = 256, value_parser = value_parser!(u32).range(1..))]
    prompt_tokens: u32,
    /// Longest completion
    #[arg(long, value_name = "N", default_value_t = 512, value_parser = value_parser!(u32).range(1..))]
    max_tokens: u32,
    /// Keep a frozen reference, as a KL term needs it
    #[arg(long)]
    reference: bool,
    /// Train an adapter of this rank on every linear layer beside the frozen model
    #[arg(long, value_name = "RANK")]
    lora: Option<usize>,
    /// Keep only each block's input and compute the block again
    #[arg(long)]
    recompute: bool,
    /// Memory there is, in units of 10^9 bytes
    #[arg(long, value_name = "GB", value_parser = positive)]
    memory_gb: Option<f64>,
}

/// Prints the plan, or says why there is none.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let config = ModelConfig::read(&arguments.model.join("config.json"))?;
    let sequence_tokens = arguments.prompt_tokens as usize + arguments.max_tokens as usize;
    let sequence_tokens = sequence_tokens.min(config.context);
    let run = TrainingRun {
        // A sequence is never divided: one that is longer than the budget goes alone.
        batch_tokens: (arguments.batch_tokens as usize).max(sequence_tokens),
        recompute: if arguments.recompute { Recompute::Blocks } else { Recompute::Nothing },
        reference: arguments.reference,
        adapter: match arguments.lora {
            None => 0,
            Some(rank) => LoraConfig { rank, ..LoraConfig::default() }.parameters(&config)?,
        },
        slots: (arguments.prompts as usize * arguments.group_size as usize).min(256),
        sequence_tokens,
    };
    let plan = MemoryPlan::new(&config, &run);
    let memory = arguments.memory_gb.unwrap_or(f64::INFINITY);
    let bytes = (memory * 1e9) as usize;
    if plan.peak() <= bytes {
        return answer(&json!({"peak_bytes": plan.peak(), "batch_tokens": run.batch_tokens, "parts": plan}));
    }
    let needs = format!("the run needs {:.2} GB, there are {memory} GB", plan.peak() as f64 / 1e9);
    let way_out = match MemoryPlan::largest_batch(&config, &run, bytes) {
        Some(tokens) => format!("use --batch-tokens {tokens}"),
        None if arguments.recompute && arguments.lora.is_none() => {
            "use --lora 16, a smaller model or shorter completions".to_owned()
        }
        None if arguments.recompute => "use a smaller model or shorter completions".to_owned(),
        None => "use --recompute, a smaller model or shorter completions".to_owned(),
    };
    Err(Failure::Job(format!("{needs}; {way_out}")))
}

fn positive(text: &str) -> Result<f64, String> {
    let memory = text.parse().ok().filter(|memory: &f64| *memory > 0.0);
    memory.ok_or_else(|| format!("`{text}` is no amount of memory; expected a number above 0"))
}
