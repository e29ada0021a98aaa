//! `r1 diagnose`: why a run does not learn.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use crate::{
    command::{failure::Failure, lines::answer},
    diagnose::{Finding, RunRecord, diagnose},
    recipe::{Method, Recipe},
};

/// Looks for known faults in a run and says what to change
///
/// Reads metrics.jsonl, samples.jsonl and recipe.toml of a run of `grpo`, finished or not: truncation, problems that are
/// too hard or too easy, references that cannot be read, a missing end of completions, another template than the
/// model's, a reward that never varies, a format that is learnt without the task, the learning rate, entropy, length,
/// and rollouts that lie behind. The findings are one line of JSON on standard output, with figures and with the fields
/// of the recipe to change; the same goes to standard error in sentences. A healthy run has none.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  r1 diagnose runs/nano-r1-zero
  r1 diagnose runs/own 2>/dev/null | jq -r '.findings[].name'")]
pub(crate) struct Arguments {
    /// Folder of the run
    #[arg(value_name = "RUN")]
    run: PathBuf,
}

/// Reads the run and prints what is wrong with it.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    // A run without a recipe is judged by what it wrote alone.
    let record = match Recipe::of_run(&arguments.run) {
        Ok(recipe) => recipe.record()?,
        Err(_) => RunRecord::read(&arguments.run)?,
    };
    if record.series("frac_reward_zero_std").is_empty() {
        let run = arguments.run.display();
        return Err(Failure::Usage(format!("`{run}` has no update of `grpo` in its metrics.jsonl")));
    }
    let findings = diagnose(&record);
    if findings.is_empty() {
        eprintln!("{} updates, and none of the known faults", record.updates());
    }
    show(&findings);
    answer(&json!({"run": arguments.run, "updates": record.updates(), "findings": findings}))
}

/// The findings of a run that has ended, for people; trouble with them is none of the run's.
pub(crate) fn tell(recipe: &Recipe) {
    if let (Method::Grpo, Ok(record)) = (recipe.method, recipe.record()) {
        show(&diagnose(&record));
    }
}

fn show(findings: &[Finding]) {
    findings.iter().for_each(|finding| eprintln!("\n{finding}"));
}
