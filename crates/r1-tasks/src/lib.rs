//! Procedural tasks: problems made by a program that can also check and solve them.
//!
//! They are made for models of a few million parameters that read single characters, so questions,
//! thoughts and answers are short and regular, and no text has a character that the embedded models
//! do not know: only [`SpokenArithmetic`] needs the bilingual one.
//!
//! | group | tasks |
//! |---|---|
//! | form | [`Echo`] |
//! | arithmetic | [`ChainedArithmetic`], [`Products`], [`Gcd`], [`BaseConversion`], [`FractionSimplification`], [`SimpleEquations`], [`ModularArithmetic`] |
//! | lists and words | [`LetterCounting`], [`NumberSorting`], [`NumberFiltering`], [`SpellBackward`], [`WordSorting`] |
//! | keeping track | [`CoinFlip`], [`LegCounting`], [`NeedleHaystack`] |
//! | search | [`Countdown`], [`MiniSudoku`], [`Maze`], [`TowerOfHanoi`] |
//! | logic | [`KnightsKnaves`], [`PropositionalLogic`], [`Syllogism`] |
//! | language | [`SpokenArithmetic`] in English and Chinese, [`Courtesy`] |
//!
//! Whatever solves a question is right, and nothing is half right. Which problems are for training and
//! which are held out is decided by the question's text alone, see [`is_held_out`].
//!
//! ```
//! use r1_core::Key;
//! use r1_tasks::{ChainedArithmetic, Task};
//!
//! let problem = ChainedArithmetic.generate(&mut Key::new(1).stream(), 1);
//! let solution = ChainedArithmetic.solve(&problem);
//! assert!(ChainedArithmetic.verify(&problem, &solution.answer));
//! ```

mod split;
mod worked;
mod echo;
mod chained_arithmetic;
mod products;
mod gcd;
mod base_conversion;
mod fraction_simplification;
mod simple_equations;
mod modular_arithmetic;
mod letter_counting;
mod number_sorting;
mod number_filtering;
mod spell_backward;
mod word_sorting;
mod people;
mod coin_flip;
mod leg_counting;
mod needle_haystack;
mod countdown;
mod mini_sudoku;
mod maze;
mod tower_of_hanoi;
mod knights_knaves;
mod propositional_logic;
mod syllogism;
mod spoken_arithmetic;
mod courtesy;

use std::sync::Arc;

use r1_core::{KeyedStream, Problem, Reference, key};

pub use base_conversion::BaseConversion;
pub use chained_arithmetic::ChainedArithmetic;
pub use coin_flip::CoinFlip;
pub use countdown::{Countdown, solves_countdown};
pub use courtesy::Courtesy;
pub use echo::Echo;
pub use fraction_simplification::FractionSimplification;
pub use gcd::Gcd;
pub use knights_knaves::KnightsKnaves;
pub use leg_counting::LegCounting;
pub use letter_counting::LetterCounting;
pub use maze::Maze;
pub use mini_sudoku::MiniSudoku;
pub use modular_arithmetic::ModularArithmetic;
pub use needle_haystack::NeedleHaystack;
pub use number_filtering::NumberFiltering;
pub use number_sorting::NumberSorting;
pub use products::Products;
pub use propositional_logic::PropositionalLogic;
pub use simple_equations::SimpleEquations;
pub use spell_backward::SpellBackward;
pub use split::{TaskSource, held_out, is_held_out};
pub use spoken_arithmetic::SpokenArithmetic;
pub use syllogism::Syllogism;
pub use tower_of_hanoi::TowerOfHanoi;
pub use word_sorting::WordSorting;
pub use worked::worked_trace;

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

    /// True when [`verify`](Self::verify) can judge answers to `problem`: it is one that this task sets,
    /// and nothing of it was damaged on the way. Unless overridden, the problem's metadata decide.
    fn sets(&self, problem: &Problem) -> bool {
        problem.metadata.get("task").and_then(|name| name.as_str()) == Some(self.name())
    }

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

/// Every task of this crate, from copying to logic.
pub fn all() -> Vec<Arc<dyn Task>> {
    vec![
        Arc::new(Echo),
        // Arithmetic.
        Arc::new(ChainedArithmetic),
        Arc::new(Products),
        Arc::new(Gcd),
        Arc::new(BaseConversion),
        Arc::new(FractionSimplification),
        Arc::new(SimpleEquations),
        Arc::new(ModularArithmetic),
        // Lists and words.
        Arc::new(LetterCounting),
        Arc::new(NumberSorting),
        Arc::new(NumberFiltering),
        Arc::new(SpellBackward),
        Arc::new(WordSorting),
        // Keeping track.
        Arc::new(CoinFlip),
        Arc::new(LegCounting),
        Arc::new(NeedleHaystack),
        // Search.
        Arc::new(Countdown),
        Arc::new(MiniSudoku),
        Arc::new(Maze),
        Arc::new(TowerOfHanoi),
        // Logic.
        Arc::new(KnightsKnaves),
        Arc::new(PropositionalLogic),
        Arc::new(Syllogism),
        // Language.
        Arc::new(SpokenArithmetic),
        Arc::new(Courtesy),
    ]
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

/// A word of random small letters.
fn made_up(random: &mut KeyedStream, letters: usize) -> String {
    (0..letters).map(|_| char::from(b'a' + random.below(26) as u8)).collect()
}

/// The whole number that an answer is, if it is one.
fn whole(answer: &str) -> Option<i64> {
    answer.trim().parse().ok()
}

/// True when both texts have the same words, whatever their case and the white space around them.
fn same_words(a: &str, b: &str) -> bool {
    let words = |text: &str| text.split_whitespace().map(str::to_ascii_lowercase).collect::<Vec<_>>();
    words(a) == words(b)
}

/// Refuses levels that a task does not have.
fn check_level(task: &dyn Task, level: usize) {
    let levels = task.levels();
    assert!((1..=levels).contains(&level), "{} has the levels 1 to {levels}, not {level}", task.name());
}

/// Panics because a task did not set the problem that it is to solve.
fn foreign(task: &dyn Task, problem: &Problem) -> ! {
    panic!("`{}` is not a question of {}: {}", problem.id, task.name(), problem.question)
}

#[cfg(test)]
mod tests;
