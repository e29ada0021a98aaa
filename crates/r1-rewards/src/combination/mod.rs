//! What a term counts, and when: beside the weights of a [`Rubric`](crate::Rubric).

mod scheduled;
mod clipped;
mod statistics;

pub use clipped::Clipped;
pub use scheduled::Scheduled;
pub use statistics::{RewardStatistics, TermTally};
