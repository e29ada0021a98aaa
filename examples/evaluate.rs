//! Evaluation: several samples of every problem, graded and counted, for any model and reward.
//!
//! ```text
//! cargo run --release --example evaluate -- [MODEL_DIR] [SAMPLES]
//! ```
//!
//! Asks 300 held-out problems four times. Takes some seconds on two cores. The last line is pass@1.

use anyhow::{Context, Result};
use r1::core::{Problem, Sampling, template::PromptTemplate};
use r1::eval::{EvalConfig, evaluate};
use r1::model::LanguageModel;
use r1::rewards::AccuracyReward;
use r1::tasks::{by_name, held_out};

const BASE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/nano");

fn main() -> Result<()> {
    r1::process::prepare();
    let mut arguments = std::env::args().skip(1);
    let model = arguments.next().unwrap_or_else(|| BASE.into());
    let samples: usize = arguments.next().map_or(Ok(4), |text| text.parse()).context("SAMPLES")?;
    let mut model = LanguageModel::load(model, &r1::model::device()?)?;
    let tasks = ["chained_arithmetic", "letter_counting", "number_sorting"];
    let tasks = tasks.map(|name| by_name(name).expect("a built-in task"));
    let problems: Vec<Problem> = tasks.iter().flat_map(|task| held_out(task.as_ref(), 1, 100, 1)).collect();
    let config = EvalConfig::new()
        .with_samples(samples)
        .with_sampling(Sampling::default().with_max_tokens(128))
        .with_template(PromptTemplate::Chat { system: None });
    let report = evaluate(&mut model, &problems, &AccuracyReward::new(), &config)?;
    for (task, rows) in tasks.iter().zip(report.rows.chunks(100 * samples)) {
        let right = rows.iter().filter(|row| row.correct == Some(true)).count();
        println!("{:<20} {:.3}", task.name(), right as f64 / rows.len() as f64);
    }
    println!("pass@{samples} {:.3}, consensus {:.3}", report.pass_at(samples), report.consensus());
    println!("format {:.3}, tokens {:.1}", report.format, report.mean_completion_tokens);
    println!("± {:.3}", report.pass_at_1_stderr.unwrap_or_default());
    println!("{:.3}", report.pass_at_1);
    Ok(())
}
