//! Rollouts: completions sampled for training, from their problems to their updates.

mod collect;
mod group;
mod pending;
mod signal;

pub(crate) use collect::{Collected, RolloutOrder, collect};
pub use group::{Group, Rollout, TokenScores};
pub(crate) use pending::{PendingRollouts, RolloutCost};
pub use signal::{GroupSignal, group_signal};
