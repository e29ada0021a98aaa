//! `r1 train`: what a recipe says.

use std::{
    io,
    path::{Path, PathBuf},
};

use clap::Args;

use crate::{
    command::{
        diagnose,
        failure::{Failure, sentence},
        lines::answer,
    },
    pipeline::PipelineError,
    recipe::{
        Finished, Method, PipelineRecipe, Recipe, RecipeError, Registry, RunOptions, Trained, read_text,
        recipe_folder,
    },
    run::Interrupt,
};

/// Trains a model as a recipe says
///
/// A recipe is a TOML file: model, data, rewards, settings, evaluation and output. Everything is checked before anything
/// is computed. The folder of the run gets metrics.jsonl, samples.jsonl, checkpoints/, report.html and, at the end,
/// the model in Hugging Face layout. Ctrl-C finishes the update and saves; the same command goes on where it stopped,
/// to the last bit. What it came to is one line on standard output, the table for people goes to standard error.
///
/// A recipe with a list of `[[stage]]` is a pipeline: each stage is a recipe with a folder of its name, and takes the model
/// or the traces of earlier ones. Stages that are finished with the same inputs are not run again.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  r1 train recipes/nano/r1-zero.toml
  r1 train recipes/nano/r1-zero.toml --set updates=20 --set grpo.group_size=8 --out runs/short
  r1 train my.toml --dry-run
  r1 train recipes/nano/r1.toml

A reward of one's own is a process that reads a line of JSON and answers one:
  [[reward]]
  command = [\"python3\", \"my_reward.py\"]")]
pub(crate) struct Arguments {
    /// The recipe
    #[arg(value_name = "RECIPE.toml")]
    recipe: PathBuf,
    /// Folder of the run, instead of the recipe's
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    #[command(flatten)]
    how: How,
}

/// What every command that runs a recipe understands.
#[derive(Debug, Args)]
pub(crate) struct How {
    /// Another value of a field of the recipe, such as grpo.group_size=8; may be given several times
    #[arg(long = "set", value_name = "FIELD=VALUE")]
    pub(crate) set: Vec<String>,
    /// Reads everything, shows a prompt and, with rewards, its score, plans time and memory, and trains nothing
    #[arg(long)]
    dry_run: bool,
    /// Replaces what r1 wrote into the folder before
    #[arg(long)]
    overwrite: bool,
}

/// Reads the recipe and does what it says.
pub(crate) fn run(arguments: &Arguments, registry: &Registry) -> Result<(), Failure> {
    let (path, set) = (&arguments.recipe, &arguments.how.set);
    let text = read_text(path)?;
    if let Some(mut pipeline) = PipelineRecipe::parse(&text, path, set)? {
        if let Some(out) = &arguments.out {
            pipeline.output.dir.clone_from(out);
        }
        return stages(&pipeline, registry, &arguments.how);
    }
    let mut recipe = Recipe::parse(&text, path, recipe_folder(path), set)?;
    if let Some(out) = &arguments.out {
        recipe.output.dir.clone_from(out);
    }
    train(&recipe, registry, &arguments.how, false)
}

/// Runs the stages of a pipeline, or tells what they would do.
fn stages(pipeline: &PipelineRecipe, registry: &Registry, how: &How) -> Result<(), Failure> {
    if how.dry_run {
        return answer(&pipeline.dry_run(registry)?);
    }
    let options =
        RunOptions { overwrite: how.overwrite, interrupt: Interrupt::on_signals()?, show_recipe: false };
    let finished = pipeline.run(registry, &options).map_err(stopped)?;
    eprintln!("\n{}", finished.table);
    answer(&finished.result)
}

/// A run that was asked to stop has its own exit status.
fn stopped(error: RecipeError) -> Failure {
    match error {
        RecipeError::Stage(error @ PipelineError::Interrupted { status, .. }) => {
            eprintln!("{error}");
            Failure::Interrupted(status)
        }
        error => error.into(),
    }
}

/// The same for a recipe that flags mean, which is shown.
pub(crate) fn train_flags(text: &str, registry: &Registry, how: &How) -> Result<(), Failure> {
    let recipe = Recipe::parse(text, Path::new("of these flags"), Path::new(""), &how.set)?;
    if recipe.method == Method::Sft {
        recipe.sft_config().map_err(|error| Failure::Usage(sentence(&error)))?;
    }
    train(&recipe, registry, how, true)
}

/// Runs a recipe, or tells what it would do.
fn train(recipe: &Recipe, registry: &Registry, how: &How, show_recipe: bool) -> Result<(), Failure> {
    if how.dry_run {
        if show_recipe {
            eprintln!("{}", recipe.to_toml());
        }
        return answer(&recipe.dry_run(registry)?);
    }
    let options = RunOptions { overwrite: how.overwrite, interrupt: Interrupt::on_signals()?, show_recipe };
    match recipe.run(registry, &options) {
        Ok(Trained::Already(result)) => {
            let dir = recipe.output.dir.display();
            let further = if recipe.method == Method::Grpo { "raise `updates`, " } else { "" };
            eprintln!(
                "`{dir}` holds this run, and it is finished; {further}choose another --out, or --overwrite it"
            );
            answer(&result)
        }
        Ok(Trained::Now(finished)) => tell(recipe, &finished),
        Err(error) => Err(stopped(error)),
    }
}

fn tell(recipe: &Recipe, finished: &Finished) -> Result<(), Failure> {
    let dir = &recipe.output.dir;
    if let Some(comparison) = &finished.comparison {
        // Nobody is there to be told when standard error is gone.
        let _ = comparison.show(&mut io::stderr());
        eprintln!("\nThe run is in {}; open report.html there.", dir.display());
    }
    diagnose::tell(recipe);
    answer(&finished.result)
}
