//! Procedural tasks: problems made by a program that can also check and solve them.
//!
//! They are made for models of a few million parameters that read single characters, so questions,
//! thoughts and answers are short and regular. Which problems are for training and which are held out
//! is decided by the question's text alone, see [`is_held_out`].
//!
//! ```
//! use r1_data::{Key, task::{ChainedArithmetic, Task}};
//!
//! let problem = ChainedArithmetic.generate(&mut Key::new(1).stream(), 1);
//! let solution = ChainedArithmetic.solve(&problem);
//! assert!(ChainedArithmetic.verify(&problem, &solution.answer));
//! ```

mod split;
mod chained_arithmetic;
mod letter_counting;
mod number_sorting;
mod countdown;

use std::sync::Arc;

use crate::{KeyedStream, Problem, Reference, key};

pub use chained_arithmetic::ChainedArithmetic;
pub use countdown::{Countdown, solves_countdown};
pub use letter_counting::LetterCounting;
pub use number_sorting::NumberSorting;
pub use split::{TaskSource, held_out, is_held_out};

/// **A type that implements `Task` is an exercise book**: it sets problems of graded difficulty,
/// knows whether an answer is right, and can show the work.
pub trait Task: Send + Sync {
    /// The task's name, in snake case; ids and metadata carry it.
    fn name(&self) -> &'static str;

    /// The number of levels: they are `1..=levels()`, from easy to hard.
    fn levels(&self) -> usize;

    /// Sets a problem. The same random numbers give the same problem.
    ///
    /// # Panics
    /// When `level` is not in `1..=levels()`.
    fn generate(&self, random: &mut KeyedStream, level: usize) -> Problem;

    /// True when `answer`, without any tags around it, is right. False for another task's problem.
    fn verify(&self, problem: &Problem, answer: &str) -> bool;

    /// Works the problem out.
    ///
    /// # Panics
    /// When the question is not one that this task sets.
    fn solve(&self, problem: &Problem) -> Solution;
}

/// A worked problem, as a model should write it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Solution {
    /// The thoughts, one short step after the other.
    pub reasoning: String,
    /// The answer, as short as it can be.
    pub answer: String,
}

/// Every task of this crate.
pub fn all() -> Vec<Arc<dyn Task>> {
    vec![Arc::new(ChainedArithmetic), Arc::new(LetterCounting), Arc::new(NumberSorting), Arc::new(Countdown)]
}

/// The task with this name, if there is one.
pub fn by_name(name: &str) -> Option<Arc<dyn Task>> {
    all().into_iter().find(|task| task.name() == name)
}

/// A problem whose id comes from its question, with the task and the level in the metadata.
fn problem(task: &dyn Task, level: usize, question: String, reference: Reference) -> Problem {
    let id = format!("{}-{:016x}", task.name(), key::hash(&question));
    Problem::new(id, question, reference).with("task", task.name()).with("level", level)
}

/// Refuses levels that a task does not have.
fn check_level(task: &dyn Task, level: usize) {
    let levels = task.levels();
    assert!((1..=levels).contains(&level), "{} has the levels 1 to {levels}, not {level}", task.name());
}

/// What a task says when it is asked to solve what it did not set.
fn foreign(task: &dyn Task, problem: &Problem) -> ! {
    panic!("`{}` is not a question of {}: {}", problem.id, task.name(), problem.question)
}

#[cfg(test)]
mod tests;
