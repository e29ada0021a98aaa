//! What an update and an evaluation report.

use serde::Serialize;

use crate::tally::Tally;

/// What one update did. Equal runs have equal reports.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RewardModelReport {
    /// Updates made, this one included.
    pub step: u64,
    /// Mean loss over the rows before the update, in nats.
    pub loss: f64,
    /// Share of the rows that were judged right before the update.
    pub accuracy: f64,
    /// Mean over pairs of the chosen score less the rejected one; none without a pair.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub margin: Option<f64>,
    /// Mean of all scores.
    pub mean_score: f64,
    /// Norm of the gradient before it is clipped.
    pub grad_norm: f64,
    /// The learning rate of this update.
    pub learning_rate: f64,
    /// How often the data set was gone through, this update included.
    pub epoch: f64,
    /// Tokens of this update, each prompt counted once a row.
    pub tokens: u64,
    /// Tokens so far.
    pub num_tokens: u64,
}

/// How rows that are held out are judged.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct RewardModelEvaluation {
    /// Rows.
    pub rows: usize,
    /// Mean loss in nats.
    pub loss: f64,
    /// Share of the rows that are judged right: of a pair the chosen response is scored higher, of labelled responses
    /// good ones are scored above 0 and bad ones are not.
    pub accuracy: f64,
    /// Its standard error over rows, `√(p (1 − p) / rows)`.
    pub standard_error: f64,
    /// Mean over pairs of the chosen score less the rejected one; none without a pair.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub margin: Option<f64>,
}

impl From<Tally> for RewardModelEvaluation {
    fn from(tally: Tally) -> Self {
        Self {
            rows: tally.rows,
            loss: tally.loss,
            accuracy: tally.accuracy(),
            standard_error: tally.standard_error(),
            margin: tally.mean_difference(),
        }
    }
}
