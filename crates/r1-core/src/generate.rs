//! Anything that turns prompts into completions.

use serde::{Deserialize, Serialize};

use crate::{Completion, LoopGuard, Prompt};

/// **A type that implements `Generate` is a writer**: a local model, a remote one, or a script.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot generate completions",
    note = "use `r1_model::LanguageModel`, `r1_core::ScriptedGenerator`, or implement `r1_core::Generate`"
)]
pub trait Generate {
    /// Writes `samples` completions for each prompt: `result[p][s]` answers `prompts[p]` with the
    /// randomness of `prompts[p].key.for_sample(s)`.
    ///
    /// # Errors
    /// When a prompt cannot be encoded or does not fit, or the writer fails.
    fn generate(
        &mut self,
        prompts: &[Prompt],
        samples: usize,
        sampling: &Sampling,
    ) -> Result<Vec<Vec<Completion>>, GenerateError>;
}

/// Settings of sampling tokens from the model's distribution.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Sampling {
    /// Divides the logits; 0 means the most probable token.
    pub temperature: f32,
    /// Keep only this many most probable tokens.
    pub top_k: Option<usize>,
    /// Keep the smallest set of most probable tokens with at least this mass; 1 keeps all.
    pub top_p: f32,
    /// Keep tokens with at least this share of the largest probability; 0 keeps all.
    pub min_p: f32,
    /// Most tokens a completion may have.
    pub max_tokens: usize,
    /// Texts that end a completion; they stay in it.
    pub stop: Vec<String>,
    /// Token ids that end a completion beside the model's own.
    pub stop_ids: Vec<u32>,
    /// Ends a completion that is caught in a loop, with [`FinishReason::Loop`](crate::FinishReason::Loop).
    pub loop_guard: Option<LoopGuard>,
}

impl Default for Sampling {
    fn default() -> Self {
        Self {
            temperature: 1.0,
            top_k: None,
            top_p: 1.0,
            min_p: 0.0,
            max_tokens: 256,
            stop: Vec::new(),
            stop_ids: Vec::new(),
            loop_guard: None,
        }
    }
}

impl Sampling {
    /// The least temperature above 0: logits that are divided by less have no digits left.
    pub const MIN_TEMPERATURE: f32 = 1e-4;

    /// The most probable token at every position.
    pub fn greedy() -> Self {
        Self { temperature: 0.0, ..Self::default() }
    }

    /// The same with another limit of tokens.
    pub fn with_max_tokens(self, max_tokens: usize) -> Self {
        Self { max_tokens, ..self }
    }

    /// The same at another temperature.
    pub fn with_temperature(self, temperature: f32) -> Self {
        Self { temperature, ..self }
    }

    /// True when some tokens can never be drawn: such samples need [`Completion::sampled_logprobs`].
    pub fn truncates(&self) -> bool {
        self.temperature > 0.0 && (self.top_k.is_some() || self.top_p < 1.0 || self.min_p > 0.0)
    }

    /// Checks every field.
    ///
    /// # Errors
    /// Names the first field that is out of range, its value and the range.
    pub fn validate(&self) -> Result<(), GenerateError> {
        let invalid =
            |field, value: String, expected| Err(GenerateError::Sampling { field, value, expected });
        if !(self.temperature.is_finite() && self.temperature >= 0.0) {
            return invalid("temperature", self.temperature.to_string(), "a finite number of at least 0");
        }
        if self.temperature > 0.0 && self.temperature < Self::MIN_TEMPERATURE {
            let expected = "0 for the most probable token, or at least 0.0001";
            return invalid("temperature", self.temperature.to_string(), expected);
        }
        if self.top_k == Some(0) {
            return invalid("top_k", "0".into(), "at least 1");
        }
        if !(self.top_p > 0.0 && self.top_p <= 1.0) {
            return invalid("top_p", self.top_p.to_string(), "more than 0 and at most 1");
        }
        if !(0.0..=1.0).contains(&self.min_p) {
            return invalid("min_p", self.min_p.to_string(), "between 0 and 1");
        }
        if self.max_tokens == 0 {
            return invalid("max_tokens", "0".into(), "at least 1");
        }
        if let Some(guard) = self.loop_guard {
            let longest = LoopGuard::LONGEST;
            if !(1..=longest).contains(&guard.max_period) || guard.repeats < 2 {
                let value = format!("max_period {}, repeats {}", guard.max_period, guard.repeats);
                return invalid("loop_guard", value, "a max_period from 1 to 4096 and at least 2 repeats");
            }
        }
        if self.stop.iter().any(String::is_empty) {
            return invalid("stop", "\"\"".into(), "texts that are not empty");
        }
        Ok(())
    }
}

/// Errors of generation.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GenerateError {
    /// A sampling setting is out of range.
    #[error("sampling: {field} is {value}; expected {expected}")]
    Sampling {
        /// The setting's name.
        field: &'static str,
        /// Its value.
        value: String,
        /// Its allowed values.
        expected: &'static str,
    },
    /// The prompt leaves no room for a completion. Shorten it, or use a model with a longer context.
    #[error("prompt {index} has {tokens} tokens; the model's context holds {context}, so shorten the prompt")]
    PromptTooLong {
        /// The prompt's place in the batch.
        index: usize,
        /// Its length in tokens.
        tokens: usize,
        /// The model's context in tokens.
        context: usize,
    },
    /// A prompt without any token; the model has nothing to continue.
    #[error("prompt {index} is empty; give at least one token")]
    EmptyPrompt {
        /// The prompt's place in the batch.
        index: usize,
    },
    /// The prompt could not be rendered or encoded.
    #[error("prompt {index} cannot be encoded")]
    Encode {
        /// The prompt's place in the batch.
        index: usize,
        /// The error of the template or the tokenizer.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The writer itself failed.
    #[error("generation failed")]
    Failed {
        /// The cause.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}
