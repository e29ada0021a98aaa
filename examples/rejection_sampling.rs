//! Rejection sampling: a model's own right and readable answers, as traces to learn from.
//!
//! ```text
//! cargo run --release --example rejection_sampling
//! ```
//!
//! The base thinks in three answers of ten; what is kept of them always thinks, and is right. Stopped, the same command
//! goes on. Takes some seconds on two cores. The last line is the number of traces that were kept.

use anyhow::Result;
use r1::distill::RejectionConfig;
use r1::model::LanguageModel;
use r1::pipeline::{Stage, TaskBenchmark};
use r1::rewards::AccuracyReward;

const BASE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/nano");

fn main() -> Result<()> {
    r1::process::prepare();
    let mut teacher = LanguageModel::load(BASE, &r1::model::device()?)?;
    let ground = TaskBenchmark::new(&["chained_arithmetic"], 1)?;
    let problems = ground.training(200, 1)?;
    let config = RejectionConfig::new()
        .with_teacher("nano")
        .with_samples(8)
        .with_max_per_problem(2)
        .with_sampling(ground.sampling().clone());
    let stage = Stage::new("runs/rejection_sampling");
    let (traces, report) = stage.reject(&config, &mut teacher, &problems, &AccuracyReward::new())?;
    println!("{}", serde_json::to_string_pretty(&report)?);
    for kept in traces.iter().take(3) {
        println!("{}: {}", kept.id, kept.completion);
    }
    println!("{}", report.kept);
    Ok(())
}
