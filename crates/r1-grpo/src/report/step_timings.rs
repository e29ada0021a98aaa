//! How long a step took.

use serde::Serialize;

use crate::rollout::Collected;

/// Wall-clock figures of one step. They stand apart from the report, because no two runs share them.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct StepTimings {
    /// Sampling of rollouts; 0 in a step that needed none.
    pub rollout_seconds: f64,
    /// Scoring of completions by the reward, after all of them were written: scoring overlaps writing.
    pub reward_seconds: f64,
    /// Log-probabilities of π_old and π_ref.
    pub scoring_seconds: f64,
    /// Gradient and update.
    pub training_seconds: f64,
    /// Tokens of the completions that were sampled.
    pub sampled_tokens: u64,
    /// Tokens of the completions whose loss was computed.
    pub trained_tokens: u64,
}

impl StepTimings {
    /// Sampled tokens a second, if any were sampled.
    pub fn sampled_tokens_per_second(&self) -> Option<f64> {
        (self.rollout_seconds > 0.0).then(|| self.sampled_tokens as f64 / self.rollout_seconds)
    }

    /// Trained tokens a second, if any were trained.
    pub fn trained_tokens_per_second(&self) -> Option<f64> {
        (self.training_seconds > 0.0).then(|| self.trained_tokens as f64 / self.training_seconds)
    }

    pub(crate) fn add(&mut self, collected: &Collected) {
        self.rollout_seconds += collected.times.writing.as_secs_f64();
        self.reward_seconds += collected.times.scoring.as_secs_f64();
        self.sampled_tokens += collected.sampled_tokens;
    }
}
