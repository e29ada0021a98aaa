//! Rollouts: completions sampled for training, from their problems to their updates.

mod collect;
mod group;
mod pending;
mod recorded;
#[cfg(feature = "remote")]
mod remote;
mod scoring;
mod signal;
mod source;

pub(crate) use collect::{Collected, Collection, collect};
pub use group::{Group, Rollout, TokenScores};
pub(crate) use pending::{PendingRollouts, RolloutCost};
pub use recorded::{RecordedRollouts, RecordingRollouts};
#[cfg(feature = "remote")]
pub use remote::RemoteRollouts;
pub use signal::{GroupSignal, group_signal};
pub use source::{PolicyRollouts, RolloutRequest, RolloutSource};
