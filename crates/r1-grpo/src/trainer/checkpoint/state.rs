//! What a checkpoint of this trainer says about itself.

use serde::{Deserialize, Serialize};

use crate::trainer::entropy_state::EntropyState;

/// What is stored beside the rollouts and the numbers of the model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct State {
    pub(crate) rollouts: u64,
    pub(crate) tokens: u64,
    /// Updates when the policy became the reference, if there is one.
    pub(crate) reference_since: Option<u64>,
    pub(crate) entropy: EntropyState,
}
