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
    /// Share of the pairs, labelled responses and steps that were judged right before the update.
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
    /// Pairs, labelled responses and labelled steps of these.
    pub judged: usize,
    /// Mean loss in nats.
    pub loss: f64,
    /// Share of them that is judged right: of a pair the chosen response is scored higher, of labelled responses and steps
    /// good ones are scored above 0 and bad ones are not.
    pub accuracy: f64,
    /// Its standard error, `√(p (1 − p) / judged)`; steps of one response are taken to be independent.
    pub standard_error: f64,
    /// Mean over pairs of the chosen score less the rejected one; none without a pair.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub margin: Option<f64>,
}

impl From<Tally> for RewardModelEvaluation {
    fn from(tally: Tally) -> Self {
        Self {
            rows: tally.rows,
            judged: tally.judged,
            loss: tally.loss,
            accuracy: tally.accuracy(),
            standard_error: tally.standard_error(),
            margin: tally.mean_difference(),
        }
    }
}
