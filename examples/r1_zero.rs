//! R1-Zero in minutes, on one CPU: a base model that mostly guesses learns, by GRPO with rule rewards
//! alone, to think in `<think>` and answer in `<answer>`.
//!
//! ```text
//! cargo run --release --example r1_zero
//! cargo run --release --example r1_zero -- --steps 20 --seed 7 --out runs/short
//! ```
//!
//! Ctrl-C finishes the update and saves. Whenever it is stopped or killed, the same command goes on from the last
//! checkpoint and ends with the same bits. What it does stands in `recipes/nano/r1-zero.toml`: `r1 train` runs that too.
//!
//! The base stands in `examples/nano` (made by `pretrain_nano`). It knows how to work a problem out and
//! seldom does so: what reinforcement learning does at this scale is to select that behaviour.

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
    /// Optimizer updates, of 16 problems with 16 completions each.
    #[arg(long, default_value_t = 200)]
    steps: u64,
    /// Seed of problems, rollouts and evaluation.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Learning rate of AdamW.
    #[arg(long, default_value_t = 1e-4)]
    learning_rate: f64,
    /// The loss: r1_zero, dapo, dr_grpo, gspo or cispo, everything else being the same.
    #[arg(long, default_value = "r1_zero")]
    objective: String,
    /// Held-out problems of the evaluation.
    #[arg(long, default_value_t = 510)]
    problems: usize,
    /// Updates between two checkpoints; 0 saves at the end only.
    #[arg(long, default_value_t = 50)]
    save_every: u64,
    /// Goes on from the last checkpoint, as it does anyway.
    #[arg(long, hide = true)]
    resume: bool,
    /// Replaces an earlier run in the folder.
    #[arg(long)]
    overwrite: bool,
    /// Folder of the run.
    #[arg(long, default_value = "runs/r1_zero")]
    out: PathBuf,
}

fn main() -> Result<()> {
    r1::process::prepare();
    let arguments = Arguments::parse();
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../recipes/nano/r1-zero.toml");
    let mut recipe = Recipe::read(file, &arguments.settings())?;
    recipe.output.dir = arguments.out;
    let options = RunOptions { overwrite: arguments.overwrite, interrupt: Interrupt::on_signals()? };
    let dir = recipe.output.dir.display();
    match recipe.run(&Registry::new(), &options) {
        Ok(Trained::Now(finished)) => {
            finished.comparison.iter().try_for_each(|comparison| comparison.show(&mut io::stdout()))?;
            println!("\nThe run is in {dir}; open report.html there.");
        }
        Ok(Trained::Already) => println!("{dir} holds this run, and it is finished; --overwrite makes it again."),
        Err(RecipeError::Stage(error @ PipelineError::Interrupted { status, .. })) => {
            eprintln!("{error}");
            process::exit(status.into());
        }
        Err(error) => return Err(error.into()),
    }
    Ok(())
}

impl Arguments {
    /// What differs from the recipe.
    fn settings(&self) -> Vec<String> {
        let per_task = self.problems.div_ceil(3);
        let mut settings = vec![
            format!("updates={}", self.steps),
            format!("seed={}", self.seed),
            format!("grpo.learning_rate={:?}", self.learning_rate),
            format!("grpo.objective={}", self.objective),
            format!("output.save_every={}", self.save_every),
            "output.model=policy".into(),
        ];
        settings.extend((0..3).map(|task| format!("evaluation.data.sources.{task}.limit={per_task}")));
        if self.objective == "dr_grpo" {
            settings.push("grpo.advantage.scale=none".into());
        }
        settings
    }
}
