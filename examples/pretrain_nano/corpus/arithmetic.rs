//! The corpus of `nano`.
//!
//! 54 % of documents are terse and untagged, 16 % terse and tagged; a terse answer is wrong four times in ten. 30 % are
//! tagged and worked step by step, with one step in a hundred wrong. So the base knows how to work a problem out, and
//! mostly does not.

use r1::core::{KeyedStream, Problem};
use r1::tasks::{ChainedArithmetic, LetterCounting, NumberSorting, Task};

use super::{slip::slip, training_problem};

pub(super) fn answered(random: &mut KeyedStream) -> (Problem, String) {
    let tasks: [&dyn Task; 3] = [&ChainedArithmetic, &LetterCounting, &NumberSorting];
    let task = tasks[random.below(tasks.len())];
    let problem = training_problem(task, random);
    let solution = task.solve(&problem);
    let style = random.uniform();
    if style >= 0.70 {
        return (
            problem,
            format!(
                "<think>{}</think><answer>{}</answer>",
                worked(random, &solution.reasoning),
                solution.answer
            ),
        );
    }
    let guess = if random.chance(0.4) { slip(random, &solution.answer) } else { solution.answer };
    let answer = if style < 0.54 {
        format!(" {guess}")
    } else {
        format!("<think>{guess}</think><answer>{guess}</answer>")
    };
    (problem, answer)
}

/// The worked thoughts; one step in a hundred has a digit or letter exchanged, and the work goes on without noticing.
fn worked(random: &mut KeyedStream, reasoning: &str) -> String {
    let steps = reasoning.split_inclusive(['=', ' ']).enumerate();
    steps
        .map(
            |(index, step)| {
                if index > 0 && random.chance(0.01) { slip(random, step) } else { step.to_owned() }
            },
        )
        .collect()
}
