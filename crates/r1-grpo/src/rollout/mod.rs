//! Rollouts: completions sampled for training, from their problems to their updates.

mod collect;
mod group;
mod pending;
mod recorded;
mod scoring;
mod signal;
mod source;

pub(crate) use collect::{Collected, Collection, collect};
pub use group::{Group, Rollout, TokenScores};
pub(crate) use pending::{PendingRollouts, RolloutCost};
pub use recorded::{RecordedRollouts, RecordingRollouts};
pub use signal::{GroupSignal, group_signal};
pub use source::{PolicyRollouts, RolloutRequest, RolloutSource};
