//! R1-Zero in minutes, on one CPU: a base model that mostly guesses learns, by GRPO with rule rewards
//! alone, to think in `<think>` and answer in `<answer>`.
//!
//! ```text
//! cargo run --release --example r1_zero
//! cargo run --release --example r1_zero -- --steps 20 --seed 7 --out runs/short
//! ```
//!
//! Ctrl-C finishes the update and saves; stopped or killed, the same command goes on and ends with the same bits.
//! What it does stands in `recipes/nano/r1-zero.toml`: `r1 train` runs that too. The base (`examples/nano`, made by
//! `pretrain_nano`) knows how to work a problem out and seldom does so: training selects that behaviour.

use std::{io, path::PathBuf, process};

use anyhow::Result;
use clap::Parser;
use r1::pipeline::PipelineError;
use r1::recipe::{Recipe, RecipeError, Registry, RunOptions, Trained};
use r1::run::Interrupt;

#[global_allocator]
static ALLOCATOR: r1::process::MiMalloc = r1::process::MiMalloc;

/// Trains the embedded base model to reason, and reports the same held-out problems before and after.
#[derive(Parser)]
struct Arguments {
    /// Optimizer updates, of 16 problems with 16 completions each
    #[arg(long, default_value_t = 200)]
    steps: u64,
    /// Seed of problems, rollouts and evaluation
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The loss: r1_zero, dapo, dr_grpo, gspo or cispo, everything else being the same
    #[arg(long, default_value = "r1_zero")]
    objective: String,
    /// Held-out problems of the evaluation
    #[arg(long, default_value_t = 510)]
    problems: usize,
    /// Updates between two checkpoints; 0 saves at the end only
    #[arg(long, default_value_t = 50)]
    save_every: u64,
    /// Replaces an earlier run in the folder
    #[arg(long)]
    overwrite: bool,
    /// Folder of the run
    #[arg(long, default_value = "runs/r1_zero")]
    out: PathBuf,
}

fn main() -> Result<()> {
    r1::process::prepare();
    let Arguments { steps, seed, objective, problems, save_every, overwrite, out } = Arguments::parse();
    let mut changes = vec![format!("updates={steps}"), format!("seed={seed}")];
    changes.extend([format!("grpo.objective={objective}"), format!("output.save_every={save_every}")]);
    changes
        .extend((0..3).map(|task| format!("evaluation.data.sources.{task}.limit={}", problems.div_ceil(3))));
    changes.extend((objective == "dr_grpo").then(|| "grpo.advantage.scale=none".to_owned()));
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../recipes/nano/r1-zero.toml");
    let mut recipe = Recipe::read(file, &changes)?;
    (recipe.output.dir, recipe.output.model) = (out, "policy".into());

    let options = RunOptions { overwrite, interrupt: Interrupt::on_signals()?, ..RunOptions::default() };
    let dir = recipe.output.dir.display();
    match recipe.run(&Registry::new(), &options) {
        Ok(Trained::Now(finished)) => {
            finished.comparison.iter().try_for_each(|comparison| comparison.show(&mut io::stdout()))?;
            println!("\nThe run is in {dir}; open report.html there.");
        }
        Ok(Trained::Already(_)) => {
            println!("{dir} holds this run, and it is finished; --overwrite makes it again.")
        }
        Err(RecipeError::Stage(error @ PipelineError::Interrupted { status, .. })) => {
            eprintln!("{error}");
            process::exit(status.into());
        }
        Err(error) => return Err(error.into()),
    }
    Ok(())
}
