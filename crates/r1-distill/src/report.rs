//! What an update reports.

use serde::Serialize;

/// What one update did. Equal runs have equal reports.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SftReport {
    /// Updates made, this one included.
    pub step: u64,
    /// Mean negative log-likelihood of the completion tokens before the update, in nats.
    pub loss: f64,
    /// Norm of the gradient before it is clipped.
    pub grad_norm: f64,
    /// The learning rate of this update.
    pub learning_rate: f64,
    /// How often the data set was gone through, this update included.
    pub epoch: f64,
    /// Completion tokens of this update.
    pub tokens: u64,
    /// Completion tokens learnt so far.
    pub num_tokens: u64,
}
