//! `r1 convert`: a checkpoint in another number type or in other shards, merged with its adapter, or as a GGUF file.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use r1_model::{
    LanguageModel,
    checkpoint::{FileType, WeightType, export_gguf},
};
use r1_run::{Lock, Progress, Status, atomic::check_folder};

use crate::command::{
    checkpoint::{check_dir, load},
    failure::Failure,
};

/// Writes a checkpoint again: in another number type, in smaller files, merged with its adapter, or as a GGUF file
///
/// Weights are read as f32 and rounded once, to the nearest number of the type asked for. The folder appears
/// whole or not at all, in Hugging Face layout, with everything that transformers needs to load it. A folder that holds
/// anything else than an earlier result of r1 is never touched. With --gguf the result is one file, which llama.cpp and
/// r1 read.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  r1 convert --model runs/r1_zero/policy --out policy-bf16 --dtype bf16
  r1 convert --model runs/lora/model --merge --out merged
  r1 convert --model merged --gguf q4_k_m --out merged-q4_k_m.gguf")]
pub(crate) struct Arguments {
    /// Checkpoint folder in Hugging Face layout
    #[arg(long, value_name = "DIR")]
    model: PathBuf,
    /// Writes the whole model that an adapter and its base make
    #[arg(long)]
    merge: bool,
    /// Folder of the adapter's base model, instead of the one that it names
    #[arg(long, value_name = "DIR", requires = "merge")]
    base: Option<PathBuf>,
    /// Writes a GGUF file of this type: f32, f16, bf16, q8_0 or q4_k_m
    #[arg(long, value_name = "TYPE", conflicts_with_all = ["merge", "dtype", "max_shard_mb"])]
    gguf: Option<FileType>,
    /// Folder to write, or GGUF file
    #[arg(long, value_name = "DIR|GGUF")]
    out: PathBuf,
    /// Replace the folder, if r1 wrote it and nothing was added to it, or the GGUF file
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
    if let Some(file_type) = arguments.gguf {
        return write_gguf(arguments, file_type);
    }
    check_folder(&arguments.out, arguments.overwrite)?;
    let _lock = Lock::beside(&arguments.out)?;
    let model = match &arguments.base {
        None => load(&arguments.model)?,
        Some(base) => {
            check_dir(base)?;
            check_dir(&arguments.model)?;
            LanguageModel::load_adapter(&arguments.model, Some(base), &r1_model::device()?)?
        }
    };
    if arguments.merge && model.adapter().is_none() {
        let shown = arguments.model.display();
        return Err(Failure::Usage(format!(
            "`{shown}` is a whole model; --merge is for the folder of an adapter"
        )));
    }
    let weight_type = match arguments.dtype {
        Type::F32 => WeightType::F32,
        Type::Bf16 => WeightType::Bf16,
        Type::F16 => WeightType::F16,
    };
    let most = arguments.max_shard_mb as usize * 1_000_000;
    match arguments.merge {
        true => model.save_merged(&arguments.out, weight_type, most)?,
        false => model.save_sharded(&arguments.out, weight_type, most)?,
    }
    eprintln!("wrote {}", arguments.out.display());
    Ok(())
}

fn write_gguf(arguments: &Arguments, file_type: FileType) -> Result<(), Failure> {
    let Arguments { model, out, overwrite, .. } = arguments;
    if model.is_file() {
        return Err(Failure::Usage(format!("`{}` is a file; --gguf takes a folder", model.display())));
    }
    check_dir(model)?;
    if !out.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("gguf")) {
        return Err(Failure::Usage(format!("`{}` does not end in .gguf", out.display())));
    }
    if out.exists() && !overwrite {
        let shown = out.display();
        return Err(Failure::Job(format!(
            "`{shown}` is there already; choose another name, or give --overwrite"
        )));
    }
    let mut progress = None;
    let result = export_gguf(model, out, file_type, *overwrite, |done, all| {
        progress.get_or_insert_with(|| Progress::new(all as u64)).update(done as u64, &Status::default());
    });
    if let Some(progress) = progress {
        progress.finish();
    }
    result?;
    eprintln!("wrote {}", out.display());
    Ok(())
}
