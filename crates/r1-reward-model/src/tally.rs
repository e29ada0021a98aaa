//! How rows were judged.

use crate::encode::{EncodedRow, Target};

/// Counts over judged rows.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Tally {
    /// The mean loss in nats.
    pub(crate) loss: f64,
    pub(crate) rows: usize,
    /// Pairs, labelled responses and labelled steps.
    pub(crate) judged: usize,
    /// Those of them that were judged right.
    pub(crate) right: usize,
    pub(crate) pairs: usize,
    /// Sum over pairs of the chosen score less the rejected one.
    pub(crate) difference: f64,
    pub(crate) responses: usize,
    /// Sum of all scores.
    pub(crate) score: f64,
    /// Tokens of prompts and responses.
    pub(crate) tokens: usize,
}

impl Tally {
    /// Adds the rows of a micro-batch with their share of the loss and their scores.
    pub(crate) fn add(&mut self, loss: f64, scores: &[f64], rows: &[EncodedRow]) {
        self.loss += loss;
        self.rows += rows.len();
        self.responses += scores.len();
        self.score += scores.iter().sum::<f64>();
        let mut scores = scores.iter().copied();
        let mut next = || scores.next().expect("each response has a score");
        for row in rows {
            self.tokens += row.texts.tokens();
            let labels = match &row.target {
                Target::Pair { .. } => {
                    let difference = next() - next();
                    self.pairs += 1;
                    self.difference += difference;
                    self.judged += 1;
                    self.right += usize::from(difference > 0.0);
                    continue;
                }
                Target::Label(label) => std::slice::from_ref(label),
                Target::Steps(labels) => labels,
            };
            self.judged += labels.len();
            self.right += labels.iter().filter(|label| (next() > 0.0) == (**label > 0.5)).count();
        }
    }

    /// The share that was judged right: of a pair the chosen response scored higher than the rejected one, a good
    /// response or step above 0 and a bad one not.
    pub(crate) fn accuracy(&self) -> f64 {
        self.right as f64 / self.judged as f64
    }

    /// The standard error of the accuracy, taking judgements to be independent.
    pub(crate) fn standard_error(&self) -> f64 {
        let accuracy = self.accuracy();
        (accuracy * (1.0 - accuracy) / self.judged as f64).sqrt()
    }

    /// The mean over pairs of the chosen score less the rejected one.
    pub(crate) fn mean_difference(&self) -> Option<f64> {
        (self.pairs > 0).then(|| self.difference / self.pairs as f64)
    }

    /// The mean score.
    pub(crate) fn mean_score(&self) -> f64 {
        self.score / self.responses as f64
    }
}
