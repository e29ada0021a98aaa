//! `r1 audit`: attacks on rewards.

use std::path::{Path, PathBuf};

use clap::Args;
use r1_core::Reward;
use r1_rewards::audit::{Audit, AuditReport};

use crate::{
    command::{failure::Failure, guess, lines::answer},
    data::dataset::Format,
    diagnose::Trend,
    recipe::{Example, Recipe, RecipeError, Registry, RewardRecipe, Rewards, hunt},
};

/// The rewards that need no parameters and no cage.
const PLAIN: [&str; 10] = [
    "accuracy",
    "task",
    "choice",
    "format",
    "language",
    "readability",
    "instruction",
    "kimi_length",
    "repetition",
    "loop_guard",
];

/// Attacks rewards: tricks that must not pay, right answers that must
///
/// Tries each term of a recipe's reward, and their sum, with answer sprays, constant answers, empty thoughts, language
/// padding, tag games, prompt echoes, length padding, loops, golds that nobody can read, hidden boxes, cheating programs and
/// injections for judges; then searches for completions that are paid without the answer. Standard output gets a
/// report for each, one JSON value a line; standard error each fault with what shows it. The exit status is 1
/// when a fault was found. Commands and URLs of a recipe are attacked like r1's own rewards.
///
/// With --model it looks into a run instead: the samples are graded again by a reward of their own, and when that falls
/// while what was trained on does not, the run has learnt to fool its reward.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  r1 audit --recipe my.toml
  r1 audit --reward accuracy --reward language --data test.jsonl
  r1 audit --recipe my.toml --budget 20000 > audit.jsonl
  r1 audit --model runs/own --grader accuracy")]
pub(crate) struct Arguments {
    /// The recipe whose rewards are tried
    #[arg(long, value_name = "RECIPE.toml", conflicts_with = "rewards")]
    recipe: Option<PathBuf>,
    /// A reward by its name, with its own settings; give it again for several. Without it and without a recipe, all
    /// that need no settings
    #[arg(long = "reward", value_name = "NAME")]
    rewards: Vec<String>,
    /// Problems that are attacked beside the built-in ones
    #[arg(long, value_name = "FILE")]
    data: Option<PathBuf>,
    /// The run whose samples are graded again: its folder
    #[arg(long, visible_alias = "run", value_name = "RUN", conflicts_with_all = ["recipe", "rewards", "data"])]
    model: Option<PathBuf>,
    /// The reward that says independently who is right [default: `task` for procedural tasks, else `accuracy`]
    #[arg(long, value_name = "NAME", requires = "model")]
    grader: Option<String>,
    /// The layout of the problems, when it cannot be told
    #[arg(long, value_name = "FORMAT", requires = "data")]
    format: Option<Format>,
    /// Most problems of the file that are attacked
    #[arg(long, value_name = "N", default_value_t = 50)]
    limit: usize,
    /// Completions that the search tries for each reward
    #[arg(long, value_name = "N", default_value_t = 2000)]
    budget: usize,
    /// Seed of the search
    #[arg(long, value_name = "S", default_value_t = 0)]
    seed: u64,
}

/// Prints a report for each reward.
pub(crate) fn run(arguments: &Arguments, registry: &Registry) -> Result<(), Failure> {
    if let Some(run) = &arguments.model {
        return look_into(run, arguments.grader.as_deref(), registry);
    }
    let (terms, base) = match &arguments.recipe {
        Some(path) => {
            (Recipe::read::<&str>(path, &[])?.reward, path.parent().unwrap_or(Path::new("")).to_owned())
        }
        None => {
            let given = || arguments.rewards.iter().map(String::as_str);
            let names: Vec<&str> =
                if arguments.rewards.is_empty() { PLAIN.to_vec() } else { given().collect() };
            (Rewards(names.into_iter().map(RewardRecipe::named).collect()), PathBuf::new())
        }
    };
    let mut audit = Audit::new().with_budget(arguments.budget).with_seed(arguments.seed);
    if let Some(path) = &arguments.data {
        let format = arguments.format.map_or_else(|| guess::format(path), Ok)?;
        let mut problems = format.load(path)?;
        problems.truncate(arguments.limit);
        audit = audit.with_problems(&problems);
    }
    let mut faults = 0;
    for term in &terms.0 {
        faults += tell(&audit.run(&registry.make(term, &base)?))?;
    }
    // What training adds up, where that is more than one term.
    if arguments.recipe.is_some() && terms.0.len() != 1 {
        let sum: Box<dyn Reward> = Box::new(registry.rubric(&terms, &base)?);
        faults += tell(&audit.run(&sum))?;
    }
    match faults {
        0 => Ok(()),
        faults => {
            Err(Failure::Job(format!("{faults} cases show faults; see the lines above and `findings`")))
        }
    }
}

/// Prints what the samples of a run show.
fn look_into(run: &Path, grader: Option<&str>, registry: &Registry) -> Result<(), Failure> {
    let grader = grader.map(RewardRecipe::named);
    let found = match hunt(run, grader.as_ref(), registry) {
        Err(RecipeError::Replay { reason }) => return Err(Failure::Usage(reason)),
        found => found?,
    };
    answer(&found)?;
    let (Some(reward), Some(right)) = (&found.reward, &found.right) else {
        eprintln!("{} updates with a graded sample, too few to tell: 12 are needed", found.updates);
        return Ok(());
    };
    let course = |name: &str, trend: &Trend| {
        let Trend { early, late, stderr } = trend;
        eprintln!("{name:<24} {early:>8.3} -> {late:>8.3}   ± {stderr:.3}");
    };
    course("reward", reward);
    for (name, trend) in found.terms.iter().filter_map(|(name, trend)| Some((name, trend.as_ref()?))) {
        course(&format!("  {name}"), trend);
    }
    course(&format!("right by `{}`", found.grader), right);
    if !found.is_hacked {
        eprintln!("right answers did not fall while the reward kept up");
        return Ok(());
    }
    if let Some(Example { step, question, completion, reward }) = &found.example {
        eprintln!("update {step} paid {reward:.3} for {completion:?} to {question:?}");
    }
    Err(Failure::Job("the reward is hacked: it kept up while right answers fell".into()))
}

/// Prints a report and its faults, and counts them.
fn tell(report: &AuditReport) -> Result<usize, Failure> {
    answer(report)?;
    for line in report.lines() {
        eprintln!("{line}");
    }
    Ok(report.findings.len())
}
