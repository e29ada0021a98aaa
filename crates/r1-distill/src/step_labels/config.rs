//! The settings of step labels.

use r1_core::{Sampling, template::PromptTemplate};
use serde::{Deserialize, Serialize};

use crate::DistillError;

/// The settings of [`label_steps_into`](crate::label_steps_into).
///
/// # Source
/// Math-Shepherd (arXiv:2312.08935v3), section 3.3.1: N continuations of each step, 8 there; the label is the share that is
/// right ("soft") or whether any is ("hard").
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StepLabelConfig {
    /// Solutions of each problem, each of which becomes a row.
    pub samples: usize,
    /// Continuations of each step.
    pub rollouts: usize,
    /// Whether a step is good when any continuation is right, or by the share that is.
    pub hard: bool,
    /// What stands between two steps.
    pub separator: String,
    /// The score from which on an answer is right.
    pub right_at: f32,
    /// How solutions and continuations are sampled; `max_tokens` is for both together.
    pub sampling: Sampling,
    /// What is put around a question for the policy. Rows have the question as a chat.
    pub template: PromptTemplate,
    /// Seed of every problem's [`Key`](r1_core::Key).
    pub seed: u64,
    /// How many problems are asked at once. Changes memory and progress, never the labels.
    pub chunk: usize,
}

impl Default for StepLabelConfig {
    fn default() -> Self {
        Self {
            samples: 4,
            rollouts: 8,
            hard: false,
            separator: "\n".into(),
            right_at: 1.0,
            sampling: Sampling { max_tokens: 1024, ..Sampling::default() },
            template: PromptTemplate::Chat { system: None },
            seed: 0,
            chunk: 16,
        }
    }
}

impl StepLabelConfig {
    /// Checks every setting.
    ///
    /// # Errors
    /// [`DistillError::Setting`] with the first one that is out of range; [`DistillError::Generate`] for the sampling.
    pub fn validate(&self) -> Result<(), DistillError> {
        let check = |setting, value: f64, holds: bool, expected| {
            if holds { Ok(()) } else { Err(DistillError::Setting { setting, value, expected }) }
        };
        let count = |setting, value: usize| check(setting, value as f64, value > 0, "1 or more");
        count("samples", self.samples)?;
        count("rollouts", self.rollouts)?;
        count("chunk", self.chunk)?;
        count("separator", self.separator.len())?;
        check("right_at", f64::from(self.right_at), self.right_at.is_finite(), "a finite number")?;
        Ok(self.sampling.validate()?)
    }
}
