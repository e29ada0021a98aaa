//! `r1 compare`: whether one evaluation is better than another.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
};

use clap::Args;
use r1_core::Key;
use r1_eval::{GradedSample, compare};

use crate::command::{failure::Failure, lines::answer};

/// Compares two evaluations problem by problem
///
/// Prints one line: the shares of correct completions of both, their difference (the second less the
/// first) with its paired standard error and a 95% bootstrap interval, the problems that were gained and
/// lost, and the chance of so uneven a split. Problems that only one has are listed and left out.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  r1 eval --model before --data test.jsonl --out before.json
  r1 eval --model after --data test.jsonl --out after.json
  r1 compare before.json after.json")]
pub(crate) struct Arguments {
    /// What `r1 eval` wrote for the first: its report, or FILE.samples.jsonl
    #[arg(value_name = "A")]
    a: PathBuf,
    /// What it wrote for the second
    #[arg(value_name = "B")]
    b: PathBuf,
    /// Names the random numbers of the bootstrap
    #[arg(long, value_name = "S", default_value_t = 0, allow_negative_numbers = true)]
    seed: u64,
}

/// Reads both, compares and prints.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let (a, b) = (GradedSample::load(samples(&arguments.a))?, GradedSample::load(samples(&arguments.b))?);
    answer(&compare(&a, &b, Key::new(arguments.seed))?)
}

/// The samples beside a report; of anything else, the file itself.
fn samples(path: &Path) -> PathBuf {
    let mut beside = OsString::from(path);
    beside.push(".samples.jsonl");
    let beside = PathBuf::from(beside);
    if beside.is_file() { beside } else { path.to_owned() }
}
