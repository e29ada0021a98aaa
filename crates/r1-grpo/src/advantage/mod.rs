//! Advantages: how much better a completion is than the others of its group.

mod assign;
mod gdpo;
mod group;
mod process;

pub(crate) use assign::assign_advantages;
pub use gdpo::gdpo_advantages;
pub use group::{AdvantageConfig, Baseline, Deviation, Scale, batch_advantages, group_advantages, per_token};
pub use process::{StepReward, process_advantages};
