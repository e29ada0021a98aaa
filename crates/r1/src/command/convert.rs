//! `r1 convert`: a checkpoint in another number type or in other shards.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use r1_model::checkpoint::WeightType;
use r1_run::{Lock, atomic::check_folder};

use crate::command::{checkpoint::load, failure::Failure};

/// Writes a checkpoint again, in another number type or in smaller files
///
/// Weights are read as f32 and rounded once, to the nearest number of the type asked for. The folder appears
/// whole or not at all, in Hugging Face layout, with everything that transformers needs to load it. A folder that holds
/// anything else than an earlier result of r1 is never touched.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  r1 convert --model runs/r1_zero/policy --out policy-bf16 --dtype bf16")]
pub(crate) struct Arguments {
    /// Checkpoint folder in Hugging Face layout
    #[arg(long, value_name = "DIR")]
    model: PathBuf,
    /// Folder to write
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Replace the folder, if r1 wrote it and nothing was added to it
    #[arg(long)]
    overwrite: bool,
    /// Number type of the weights
    #[arg(long, value_enum, default_value = "bf16")]
    dtype: Type,
    /// Largest weights file in megabytes; what does not fit goes into further files
    #[arg(long, value_name = "MB", default_value_t = 5000, value_parser = clap::value_parser!(u32).range(1..))]
    max_shard_mb: u32,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Type {
    F32,
    Bf16,
    F16,
}

/// Reads the one folder and writes the other.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    check_folder(&arguments.out, arguments.overwrite)?;
    let _lock = Lock::beside(&arguments.out)?;
    let model = load(&arguments.model)?;
    let weight_type = match arguments.dtype {
        Type::F32 => WeightType::F32,
        Type::Bf16 => WeightType::Bf16,
        Type::F16 => WeightType::F16,
    };
    model.save_sharded(&arguments.out, weight_type, arguments.max_shard_mb as usize * 1_000_000)?;
    eprintln!("wrote {}", arguments.out.display());
    Ok(())
}
