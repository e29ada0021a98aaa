//! Settings that processes and servers share.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::ExternalError;

/// Settings of a [`CommandReward`](super::CommandReward) or a `UrlReward`, as a recipe writes them.
///
/// # Examples
/// ```
/// use r1_rewards::ExternalSettings;
///
/// let settings: ExternalSettings = serde_json::from_str(r#"{"timeout_seconds": 5, "batch": 64}"#)?;
/// assert_eq!(settings, ExternalSettings { timeout_seconds: 5.0, batch: 64, ..ExternalSettings::default() });
/// settings.validate()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ExternalSettings {
    /// Longest time for one sample, in seconds; a batch of `n` samples has `n` times as long. The start of a process
    /// counts as part of its first sample. At most a day.
    pub timeout_seconds: f64,
    /// How often a request is sent in all, at least once: again when a process died, and when a server could not be
    /// reached, was too slow, or answered 408, 425, 429 or 5xx.
    pub attempts: u32,
    /// Most samples in one request `{"batch": [..]}`; 0 sends one by one, without the list.
    pub batch: usize,
    /// How many processes work at a time, or how many requests are under way to a server. At most 256.
    pub processes: usize,
    /// Whether a completion is sent with its token ids.
    pub token_ids: bool,
}

impl Default for ExternalSettings {
    fn default() -> Self {
        Self { timeout_seconds: 30.0, attempts: 3, batch: 0, processes: 1, token_ids: false }
    }
}

impl ExternalSettings {
    /// Checks every field.
    ///
    /// # Errors
    /// [`ExternalError::Setting`] names the first field that is out of range, its value and the range.
    pub fn validate(&self) -> Result<(), ExternalError> {
        let invalid = |field, value: String, expected| Err(ExternalError::Setting { field, value, expected });
        if !(self.timeout_seconds >= 0.001 && self.timeout_seconds <= 86_400.0) {
            let expected = "between 0.001 and 86400";
            return invalid("timeout_seconds", self.timeout_seconds.to_string(), expected);
        }
        if !(1..=100).contains(&self.attempts) {
            return invalid("attempts", self.attempts.to_string(), "between 1 and 100");
        }
        if self.batch > 1_000_000 {
            return invalid("batch", self.batch.to_string(), "at most 1000000, or 0 for one by one");
        }
        if !(1..=256).contains(&self.processes) {
            return invalid("processes", self.processes.to_string(), "between 1 and 256");
        }
        Ok(())
    }

    /// The time limit of a request with this many samples.
    pub(super) fn time_limit(&self, samples: usize) -> Duration {
        Duration::from_secs_f64(self.timeout_seconds * samples.max(1) as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_out_of_range_are_named() {
        let check = |json: &str| {
            let settings: ExternalSettings = serde_json::from_str(json).unwrap();
            settings.validate().map_err(|error| error.to_string())
        };
        assert_eq!(check("{}"), Ok(()));
        for (json, message) in [
            (r#"{"timeout_seconds": 0}"#, "`timeout_seconds` is 0; expected between 0.001 and 86400"),
            (r#"{"timeout_seconds": 1e300}"#, "expected between 0.001 and 86400"),
            (r#"{"attempts": 0}"#, "`attempts` is 0; expected between 1 and 100"),
            (r#"{"batch": 18446744073709551615}"#, "expected at most 1000000, or 0 for one by one"),
            (r#"{"processes": 0}"#, "`processes` is 0; expected between 1 and 256"),
        ] {
            let error = check(json).unwrap_err();
            assert!(error.ends_with(message), "{error}");
        }
        let nan = ExternalSettings { timeout_seconds: f64::NAN, ..ExternalSettings::default() };
        assert!(nan.validate().is_err());
        assert!(serde_json::from_str::<ExternalSettings>(r#"{"timeout": 3}"#).is_err());
    }

    #[test]
    fn a_recipe_writes_them_beside_its_command_and_a_misspelt_one_is_refused() {
        #[derive(Debug, Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Recipe {
            command: Vec<String>,
            #[serde(flatten)]
            settings: ExternalSettings,
        }
        let read =
            |fields: &str| toml::from_str::<Recipe>(&format!("command = [\"python3\", \"a.py\"]\n{fields}"));
        let recipe = read("batch = 8\ntoken_ids = true").unwrap();
        assert_eq!(recipe.command, ["python3", "a.py"]);
        let expected = ExternalSettings { batch: 8, token_ids: true, ..ExternalSettings::default() };
        assert_eq!(recipe.settings, expected);
        assert!(read("timeout = 3").unwrap_err().to_string().contains("unknown field `timeout`"));
    }
}
