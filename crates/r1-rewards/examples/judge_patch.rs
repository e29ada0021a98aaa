//! Judges a patch of a repository in two languages by the repository's tests.
//!
//! `cargo run --release -p r1-rewards --features code --example judge_patch -- [TASK.json] [PATCH]`

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use r1_rewards::code::{Judge, RepositoryTask};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/repository");
    let mut arguments = env::args_os().skip(1).map(PathBuf::from);
    let task = arguments.next().unwrap_or_else(|| own.join("task.json"));
    let patch = arguments.next().unwrap_or_else(|| own.join("fix.patch"));
    let spec = serde_json::from_str(&fs::read_to_string(&task)?)?;
    let task = RepositoryTask::load(&spec, task.parent().unwrap_or(Path::new(".")))?;
    let judge = Judge::new()?;
    eprintln!("{}", judge.report());
    let judgement = judge.judge_patch(&task, &fs::read_to_string(patch)?)?;
    println!("{}", serde_json::to_string_pretty(&judgement)?);
    Ok(())
}
