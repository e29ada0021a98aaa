//! `r1 replay`: whether an update of a run can be made again with the same bits.

use std::path::PathBuf;

use clap::Args;

use crate::{
    command::{failure::Failure, lines::answer},
    recipe::{RecipeError, Registry, replay},
};

/// Makes an update of a run again and names the first thing that differs
///
/// The updates behind the newest checkpoint before STEP are made again, up to it, and each is compared with what the run
/// recorded: problem, prompt, rollout, logprobs, reward, advantage, loss, gradient, metric, weights and moments, in this
/// order. One line of JSON on standard output says that all are equal, or what differs first. Programs and servers that
/// give rewards are called again. Nothing in RUN is written. The exit status is 0 when all are equal, 1 when something
/// differs, 2 when there is no such update. On the CPU equal means to the last bit.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  r1 replay runs/nano-r1-zero 7
  r1 replay runs/nano-r1-zero 7 | jq .difference
  R1_DEVICE=flex r1 replay runs/own 120")]
pub(crate) struct Arguments {
    /// Folder of the run
    #[arg(value_name = "RUN")]
    run: PathBuf,
    /// The update, counted from 1 as in metrics.jsonl
    #[arg(value_name = "STEP")]
    step: u64,
}

/// Makes the update again and prints what came out.
pub(crate) fn run(arguments: &Arguments, registry: &Registry) -> Result<(), Failure> {
    let Arguments { run, step } = arguments;
    let replayed = match replay(run, *step, registry) {
        Err(RecipeError::Replay { reason }) => return Err(Failure::Usage(reason)),
        replayed => replayed?,
    };
    for changed in &replayed.changed {
        eprintln!("changed since the run began: {changed}");
    }
    answer(&replayed)?;
    if replayed.equal { Ok(()) } else { Err(Failure::Answered) }
}
