//! Settings of a judge.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::ExternalError;

/// Settings of a judge behind an OpenAI-compatible endpoint, as a recipe writes them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct JudgeSettings {
    /// The model's name at the endpoint.
    pub model: String,
    /// The temperature of its sampling; 0 asks for the likeliest words.
    pub temperature: f64,
    /// Most tokens of a verdict with its reasons.
    pub max_tokens: usize,
    /// Longest time for one verdict, in seconds.
    pub timeout_seconds: f64,
    /// How often a request is sent in all: again when the server could not be reached, was too slow, or answered 408, 425,
    /// 429 or 5xx.
    pub attempts: u32,
    /// How many requests are under way at a time.
    pub parallel: usize,
    /// The environment variable that holds the key, if the endpoint wants one.
    pub api_key_variable: Option<String>,
    /// A file that keeps replies from one run to the next; without it they are kept as long as the judge lives.
    pub cache: Option<PathBuf>,
}

impl Default for JudgeSettings {
    fn default() -> Self {
        Self {
            model: "default".into(),
            temperature: 0.0,
            max_tokens: 2048,
            timeout_seconds: 120.0,
            attempts: 3,
            parallel: 8,
            api_key_variable: None,
            cache: None,
        }
    }
}

impl JudgeSettings {
    /// Checks every field.
    ///
    /// # Errors
    /// [`ExternalError::Setting`] names the first field that is out of range, its value and the range.
    pub fn validate(&self) -> Result<(), ExternalError> {
        let invalid = |field, value: String, expected| Err(ExternalError::Setting { field, value, expected });
        if !(self.timeout_seconds >= 0.001 && self.timeout_seconds <= 86_400.0) {
            return invalid("timeout_seconds", self.timeout_seconds.to_string(), "between 0.001 and 86400");
        }
        if !(1..=100).contains(&self.attempts) {
            return invalid("attempts", self.attempts.to_string(), "between 1 and 100");
        }
        if !(1..=256).contains(&self.parallel) {
            return invalid("parallel", self.parallel.to_string(), "between 1 and 256");
        }
        if !self.temperature.is_finite() || self.temperature < 0.0 {
            return invalid("temperature", self.temperature.to_string(), "0 or more");
        }
        Ok(())
    }
}
