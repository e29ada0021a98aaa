//! Reports: what an update did, what it took, and why it taught nothing.

mod diagnosis;
mod dump;
mod rollout_row;
mod step_report;
mod step_timings;

pub use diagnosis::diagnosis;
pub(crate) use dump::dump;
pub use r1_rewards::{REFLECTIVE_WORDS, reflective_words};
pub use rollout_row::RolloutRow;
pub(crate) use step_report::StepFacts;
pub use step_report::{StepReport, TermStatistics};
pub use step_timings::StepTimings;
