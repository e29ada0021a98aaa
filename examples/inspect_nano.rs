//! Shows how a nano model answers, before or after training: the share of each style, and how often a
//! single worked step is right.
//!
//! Run with
//!
//! ```text
//! cargo run --release --example inspect_nano -- [MODEL_DIR] [PROBLEMS_PER_TASK]
//! ```
//!
//! A step is counted until the first mistake of its completion, so that one slip is not counted twice.

use anyhow::{Context, Result};
use r1::core::{Generate, Key, Prompt, Sampling, template::PromptTemplate};
use r1::model::LanguageModel;
use r1::tasks::{ChainedArithmetic, LetterCounting, NumberSorting, Task, held_out};

#[global_allocator]
static ALLOCATOR: r1::process::MiMalloc = r1::process::MiMalloc;

fn main() -> Result<()> {
    r1::process::prepare();
    let mut arguments = std::env::args().skip(1);
    let dir = arguments.next().unwrap_or_else(|| "examples/nano".into());
    let count = arguments.next().map_or(Ok(300), |text| text.parse()).context("PROBLEMS_PER_TASK")?;
    let mut model = LanguageModel::load(&dir, &r1::model::device()?)?;
    let sampling = Sampling::default().with_max_tokens(160);
    println!(
        "{:<20} pass@1  untagged  tagged terse  worked  pass@1 if worked  step accuracy  tokens",
        "task"
    );
    let (mut all_right, mut all_steps) = (0, 0);
    for task in [&ChainedArithmetic as &dyn Task, &LetterCounting, &NumberSorting] {
        let problems = held_out(task, 1, count, 0);
        let template = PromptTemplate::Chat { system: None };
        let prompts: Vec<Prompt> = problems
            .iter()
            .map(|problem| Prompt {
                content: template.render(problem),
                key: Key::new(0).for_problem(&problem.id),
            })
            .collect();
        let (mut styles, mut right, mut worked_right, mut tokens) = ([0; 3], 0, 0, 0);
        let (mut steps_right, mut steps) = (0, 0);
        for (problem, completions) in problems.iter().zip(model.generate(&prompts, 1, &sampling)?) {
            let completion = &completions[0];
            let response = completion.response();
            tokens += completion.ids.len();
            let correct = usize::from(response.strict().is_ok() && task.verify(problem, response.answer));
            right += correct;
            let solution = task.solve(problem).reasoning;
            let expected: Vec<&str> = solution.split(['=', ' ']).collect();
            let written: Vec<&str> = response.reasoning.trim().split(['=', ' ']).collect();
            // A terse answer has only the guess itself for its thoughts.
            let style = match (response.strict().is_ok(), response.reasoning.trim() == response.answer) {
                (false, _) => 0,
                (true, true) => 1,
                (true, false) => 2,
            };
            styles[style] += 1;
            if style == 2 {
                worked_right += correct;
                let agreeing =
                    written.iter().zip(&expected).take_while(|(ours, theirs)| ours == theirs).count();
                steps_right += agreeing;
                steps += if agreeing == expected.len() { agreeing } else { agreeing + 1 };
            }
        }
        all_right += steps_right;
        all_steps += steps;
        let total = problems.len();
        println!(
            "{:<20} {:>5.1}%  {:>7.1}%  {:>11.1}%  {:>5.1}%  {:>15.1}%  {:>12.2}%  {:>6.1}",
            task.name(),
            share(right, total),
            share(styles[0], total),
            share(styles[1], total),
            share(styles[2], total),
            share(worked_right, styles[2]),
            share(steps_right, steps),
            tokens as f64 / total.max(1) as f64,
        );
    }
    println!(
        "a single worked step of any task is right in {:.2}% of {all_steps}",
        share(all_right, all_steps)
    );
    Ok(())
}

/// Percent.
fn share(part: usize, whole: usize) -> f64 {
    100.0 * part as f64 / whole.max(1) as f64
}
