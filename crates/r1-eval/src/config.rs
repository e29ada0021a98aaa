//! The settings of an evaluation.

use r1_core::{Sampling, template::PromptTemplate};
use r1_math::{self as math, Number, Policy};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::EvalError;

/// The settings of an evaluation.
///
/// # Source
/// Temperature 0.6 and top-p 0.95 are DeepSeek-R1's (arXiv:2501.12948v2), section D.1; greedy decoding
/// is rejected there because it repeats itself and varies more between checkpoints.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EvalConfig {
    /// Completions for each problem.
    pub samples: usize,
    /// The sampling settings. At temperature 0 all samples of a problem are the same.
    pub sampling: Sampling,
    /// Seed of every problem's [`Key`](r1_core::Key).
    pub seed: u64,
    /// The text around a question.
    pub template: PromptTemplate,
    /// Number of problems the writer gets at once. Changes memory and progress, never the result.
    pub chunk: usize,
    /// The score from which on a completion is correct. 1 fits rewards in `[0, 1]` such as accuracy;
    /// for a rubric take the score that a right completion reaches.
    pub correct_at: f32,
    /// The rule by which answers vote together in the consensus.
    pub same_answer: SameAnswer,
    /// The metadata by which problems are put into tables, several joined by `/`. Problems without the
    /// entry are left out of its table; an entry that no problem has makes no table.
    pub group_by: Vec<String>,
    /// Further entries stored beside every sample as they stand, such as the benchmark and the model.
    pub provenance: Map<String, Value>,
}

/// The rule by which answers count as one in a vote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SameAnswer {
    /// Those with the same text.
    #[default]
    Text,
    /// Those that are the same number, such as `0.5` and `1/2`; others by their text.
    Number,
    /// Those that [`math::compare`] finds equal, such as `\frac12` and `0.5`, or `x+1` and `1+x`.
    Value,
}

impl SameAnswer {
    /// True when the two answers vote together.
    pub fn holds(self, a: &str, b: &str) -> bool {
        let numbers = || Some(Number::parse(a)? == Number::parse(b)?);
        let values = || math::compare(a, b, &Policy::default()).equal;
        a == b
            || match self {
                Self::Text => false,
                Self::Number => numbers().unwrap_or(false),
                Self::Value => values().unwrap_or(false),
            }
    }
}

impl Default for EvalConfig {
    fn default() -> Self {
        Self {
            samples: 1,
            sampling: Sampling { temperature: 0.6, top_p: 0.95, max_tokens: 1024, ..Sampling::default() },
            seed: 0,
            template: PromptTemplate::default(),
            chunk: 32,
            correct_at: 1.0,
            same_answer: SameAnswer::default(),
            group_by: ["task", "level", "task/level", "subject"].map(String::from).to_vec(),
            provenance: Map::new(),
        }
    }
}

impl EvalConfig {
    /// One sample of each problem, sampled as in DeepSeek-R1, up to 1024 tokens long, with the R1-Zero
    /// template.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same with another number of samples for each problem.
    pub fn with_samples(self, samples: usize) -> Self {
        Self { samples, ..self }
    }

    /// The same with other sampling.
    pub fn with_sampling(self, sampling: Sampling) -> Self {
        Self { sampling, ..self }
    }

    /// The same with another seed.
    pub fn with_seed(self, seed: u64) -> Self {
        Self { seed, ..self }
    }

    /// The same with another template.
    pub fn with_template(self, template: PromptTemplate) -> Self {
        Self { template, ..self }
    }

    /// The same with another number of problems at once.
    pub fn with_chunk(self, chunk: usize) -> Self {
        Self { chunk, ..self }
    }

    /// The same with another score from which on a completion is correct.
    pub fn with_correct_at(self, correct_at: f32) -> Self {
        Self { correct_at, ..self }
    }

    /// The same with another rule for votes.
    pub fn with_same_answer(self, same_answer: SameAnswer) -> Self {
        Self { same_answer, ..self }
    }

    /// The same with other tables.
    pub fn with_group_by(self, group_by: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self { group_by: group_by.into_iter().map(Into::into).collect(), ..self }
    }

    /// The same with one more entry that is stored beside every sample.
    pub fn with_provenance(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.provenance.insert(name.to_owned(), value.into());
        self
    }

    /// Checks every setting.
    ///
    /// # Errors
    /// [`EvalError::Setting`] with the first one that is out of range; [`EvalError::Generate`] for the
    /// sampling.
    pub fn validate(&self) -> Result<(), EvalError> {
        let invalid = |field, value: String, expected| Err(EvalError::Setting { field, value, expected });
        if self.samples == 0 {
            return invalid("samples", "0".into(), "at least 1");
        }
        if self.chunk == 0 {
            return invalid("chunk", "0".into(), "at least 1");
        }
        if !self.correct_at.is_finite() {
            return invalid("correct_at", self.correct_at.to_string(), "a finite number");
        }
        Ok(self.sampling.validate()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_out_of_range_are_named() {
        let check = |config: EvalConfig, expected: &str| {
            assert_eq!(config.validate().unwrap_err().to_string(), expected);
        };
        check(EvalConfig::new().with_samples(0), "evaluation: samples is 0; expected at least 1");
        check(EvalConfig::new().with_chunk(0), "evaluation: chunk is 0; expected at least 1");
        check(
            EvalConfig::new().with_correct_at(f32::NAN),
            "evaluation: correct_at is NaN; expected a finite number",
        );
        let endless = Sampling { max_tokens: 0, ..Sampling::default() };
        assert!(matches!(EvalConfig::new().with_sampling(endless).validate(), Err(EvalError::Generate(_))));
    }

    #[test]
    fn equal_numbers_vote_together_when_told_to() {
        assert!(!SameAnswer::Text.holds("0.5", "1/2"));
        assert!(SameAnswer::Number.holds("0.5", "1/2"));
        assert!(SameAnswer::Number.holds("x + 1", "x + 1"));
        assert!(!SameAnswer::Number.holds("x + 1", "1 + x"));
        assert!(SameAnswer::Value.holds("x + 1", "1 + x") && SameAnswer::Value.holds("0.5", "\\frac12"));
        assert!(!SameAnswer::Value.holds("x + 1", "x - 1"));
    }
}
