//! What `r1 grade` is made of: the questions that it reads, what it explains, and its table.
//!
//! A [`Question`] is one line of a file of golds and completions; [`explain`] grades it and says how; a [`Table`]
//! counts what was found.

mod explanation;
mod question;
mod table;

pub use explanation::{Explanation, Extracted, explain};
pub use question::Question;
pub use table::Table;
