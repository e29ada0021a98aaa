//! Whether two mathematical answers are equal.
//!
//! Text is read into a typed answer by a parser with hard bounds, and two answers climb a ladder of
//! comparisons: bytes, exact rational numbers, canonical form, evaluation modulo two primes, complex
//! evaluation in 192 bits and more, and the structure of sets, intervals, relations, matrices and
//! quantities. A step budget bounds the work: there are no timers, threads or signals. Symbols take
//! values drawn by hash, so a verdict is the same on every machine. `docs/grading.md` tells the rules.

mod answer;
mod arena;
mod compare;
mod complex;
mod exact;
mod budget;
mod key;
mod lexicon;
mod literal;
mod modular;
mod moment;
mod numeric;
mod parse;
mod policy;
mod read;
mod real;
mod region;
mod spelling;
mod series;
mod substitute;
mod text;
mod token;
mod lexer;
mod styling;
mod unit;

pub mod markup;
pub mod choice;
pub mod prose;
pub mod rational;
pub mod scan;

pub use compare::{Judgement, Rung, compare, judge};
pub use policy::Policy;
pub use rational::Number;
pub use read::is_mathematical;
