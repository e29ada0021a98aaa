//! The settings of rejection sampling.

use r1_core::{Sampling, template::PromptTemplate};
use serde::{Deserialize, Serialize};

use crate::{DistillError, Readability};

/// The settings of rejection sampling.
///
/// # Source
/// DeepSeek-R1 (arXiv:2501.12948v1), section 2.3.3: several samples of each prompt, of which the correct ones are kept.
/// The cold start samples at temperature 1 (arXiv:2501.12948v2, section B.3.2).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RejectionConfig {
    /// What the teacher is called in the traces' provenance.
    pub teacher: String,
    /// Completions for each problem.
    pub samples: usize,
    /// How they are sampled.
    pub sampling: Sampling,
    /// What is put around a question, for the teacher and in the traces.
    pub template: PromptTemplate,
    /// Seed of every problem's [`Key`](r1_core::Key).
    pub seed: u64,
    /// The score from which on a completion is correct.
    pub keep_at: f32,
    /// Most traces of one problem, so that easy problems do not crowd out hard ones; the first in order of sampling
    /// are kept.
    pub max_per_problem: usize,
    /// Which correct completions are fit to be learnt from.
    pub readability: Readability,
    /// How many problems the teacher gets at once. Changes memory and progress, never the traces.
    pub chunk: usize,
}

impl Default for RejectionConfig {
    fn default() -> Self {
        Self {
            teacher: String::new(),
            samples: 4,
            sampling: Sampling { max_tokens: 1024, ..Sampling::default() },
            template: PromptTemplate::Chat { system: None },
            seed: 0,
            keep_at: 1.0,
            max_per_problem: 4,
            readability: Readability::default(),
            chunk: 32,
        }
    }
}

impl RejectionConfig {
    /// Four samples of each problem at temperature 1, all of which may be kept, asked in the model's chat template.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same with another name of the teacher.
    pub fn with_teacher(self, teacher: impl Into<String>) -> Self {
        Self { teacher: teacher.into(), ..self }
    }

    /// The same with another number of samples for each problem.
    pub fn with_samples(self, samples: usize) -> Self {
        Self { samples, ..self }
    }

    /// The same with other sampling.
    pub fn with_sampling(self, sampling: Sampling) -> Self {
        Self { sampling, ..self }
    }

    /// The same with another template.
    pub fn with_template(self, template: PromptTemplate) -> Self {
        Self { template, ..self }
    }

    /// The same with another seed.
    pub fn with_seed(self, seed: u64) -> Self {
        Self { seed, ..self }
    }

    /// The same with another score from which on a completion is correct.
    pub fn with_keep_at(self, keep_at: f32) -> Self {
        Self { keep_at, ..self }
    }

    /// The same with another number of traces a problem.
    pub fn with_max_per_problem(self, max_per_problem: usize) -> Self {
        Self { max_per_problem, ..self }
    }

    /// The same with other rules of readability.
    pub fn with_readability(self, readability: Readability) -> Self {
        Self { readability, ..self }
    }

    /// The same with another number of problems at once.
    pub fn with_chunk(self, chunk: usize) -> Self {
        Self { chunk, ..self }
    }

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
        count("max_per_problem", self.max_per_problem)?;
        count("chunk", self.chunk)?;
        check("keep_at", f64::from(self.keep_at), self.keep_at.is_finite(), "a finite number")?;
        let share = self.readability.max_foreign_share.unwrap_or(0.0);
        check("readability.max_foreign_share", share, (0.0..=1.0).contains(&share), "from 0 to 1")?;
        Ok(self.sampling.validate()?)
    }
}
