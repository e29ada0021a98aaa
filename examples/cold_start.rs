//! Cold start: a base that mostly guesses learns the format and the habit of thinking from a few hundred worked traces.
//!
//! ```text
//! cargo run --release --example cold_start
//! ```
//!
//! The traces are the tasks' own worked solutions, not a model's. Takes some seconds on two cores; called again it only
//! loads what was learnt. The last line is held-out pass@1.

use anyhow::Result;
use r1::core::{Content, Message, Problem, Trace};
use r1::distill::SftConfig;
use r1::model::LanguageModel;
use r1::pipeline::{Stage, TaskBenchmark};
use r1::tasks::Task;

const BASE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/nano_student");

/// A problem and how its task works it out.
fn worked(task: &dyn Task, problem: &Problem) -> Trace {
    let solution = task.solve(problem);
    let text = format!("<think>{}</think><answer>{}</answer>", solution.reasoning, solution.answer);
    let prompt = Content::Messages(vec![Message::user(&problem.question)]);
    Trace::new(&problem.id, prompt, text).of(problem.clone()).with("teacher", task.name())
}

fn main() -> Result<()> {
    r1::process::prepare();
    let mut base = LanguageModel::load(BASE, &r1::model::device()?)?;
    let ground = TaskBenchmark::new(&["chained_arithmetic", "letter_counting", "number_sorting"], 100)?;
    let before = ground.evaluate(&mut base, 1)?;
    println!("base: pass@1 {:.3}, format {:.3}", before.pass_at_1, before.format);

    let mut traces = Vec::new();
    for problem in ground.training(600, 1)? {
        let task = ground.tasks().iter().find(|task| problem.metadata["task"] == task.name());
        traces.extend(task.map(|task| worked(task.as_ref(), &problem)));
    }
    let config = SftConfig::r1(0).with_batch_size(16).with_learning_rate(1e-3).with_warmup(5);
    let mut tuned = Stage::new("runs/cold_start").fine_tune(config, base, traces, &[], 1)?;
    println!("{} updates, loss {:.3}", tuned.updates, tuned.loss);

    let after = ground.evaluate(&mut tuned.model, 1)?;
    println!("after: format {:.3}, ± {:.3}", after.format, after.pass_at_1_stderr.unwrap_or_default());
    println!("{:.3}", after.pass_at_1);
    Ok(())
}
