//! Settings of servers that write completions: addresses, interface, time limits.

use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize};

use super::super::RemoteError;

/// Settings of a [`CompletionsClient`](super::CompletionsClient).
///
/// ```
/// use r1_data::remote::RemoteSettings;
///
/// let settings: RemoteSettings = toml::from_str(
///     r#"
///     url = ["http://gpu-0:8000", "http://gpu-1:8000"]
///     model = "policy"
///     weights_version = 40
///     "#,
/// )?;
/// assert_eq!(settings.url.len(), 2);
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RemoteSettings {
    /// Servers of the same weights, such as `http://localhost:8000`, with or without `/v1`; a text or a list. Samples
    /// are asked of them in turn, and a request that fails is repeated at the next one.
    #[serde(deserialize_with = "one_or_many")]
    pub url: Vec<String>,
    /// The interface that is asked.
    pub dialect: Dialect,
    /// The model's name at the server (vLLM: `--served-model-name`); needless when it serves only one.
    pub model: Option<String>,
    /// The environment variable that holds the key, if the server wants one (vLLM, SGLang: `--api-key`).
    pub api_key_variable: Option<String>,
    /// The longest time for one request, to the last byte of its answer.
    pub timeout_seconds: f64,
    /// How often a request is sent in all, when its trouble may pass: no connection, too slow, 408, 409, 425, 429, 5xx,
    /// no JSON, or aborted by the server.
    pub attempts: u32,
    /// Requests under way at a time, over all servers; each is one sample.
    pub parallel: usize,
    /// How many updates the servers' weights have had, for answers that do not say it themselves. Raise it whenever new
    /// weights were pushed; without it such answers count as fresh.
    pub weights_version: Option<u64>,
    /// Whether a server of the dialect `completions` gives the log-probabilities at the sampling temperature (vLLM:
    /// `--logprobs-mode processed_logprobs`). Without it only the temperatures 0 and 1 are accepted, where the raw ones
    /// are the same.
    pub processed_logprobs: bool,
}

impl Default for RemoteSettings {
    fn default() -> Self {
        Self {
            url: Vec::new(),
            dialect: Dialect::Auto,
            model: None,
            api_key_variable: None,
            timeout_seconds: 600.0,
            attempts: 4,
            parallel: 64,
            weights_version: None,
            processed_logprobs: false,
        }
    }
}

impl RemoteSettings {
    /// The settings of one server, all others as they are by default.
    pub fn new(url: impl Into<String>) -> Self {
        Self { url: vec![url.into()], ..Self::default() }
    }

    /// Checks every field.
    ///
    /// # Errors
    /// [`RemoteError::Setting`] names the first that is out of range.
    pub fn validate(&self) -> Result<(), RemoteError> {
        let check = |field, value: String, fine, expected: &str| match fine {
            true => Ok(()),
            false => Err(RemoteError::Setting { field, value, expected: expected.to_owned() }),
        };
        check("url", "empty".into(), !self.url.is_empty(), "at least one server, `http://HOST:PORT`")?;
        for url in &self.url {
            let fine = ["http://", "https://"].iter().any(|s| url.len() > s.len() && url.starts_with(s));
            check("url", format!("`{}`", super::super::call::shown(url)), fine, "`http://HOST:PORT`")?;
        }
        let seconds = self.timeout_seconds;
        let fine = (0.001..=86_400.0).contains(&seconds);
        check("timeout_seconds", seconds.to_string(), fine, "0.001 to 86400")?;
        check("attempts", self.attempts.to_string(), (1..=100).contains(&self.attempts), "1 to 100")?;
        check("parallel", self.parallel.to_string(), (1..=4096).contains(&self.parallel), "1 to 4096")
    }

    pub(super) fn timeout(&self) -> Duration {
        Duration::from_secs_f64(self.timeout_seconds)
    }
}

/// The interface of a server that writes completions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Dialect {
    /// What `GET /v1/models` says: `generate` for a server that calls itself `sglang`, else `completions`.
    #[default]
    Auto,
    /// `POST /v1/completions` with token ids, as vLLM serves it.
    Completions,
    /// `POST /generate`, SGLang's own.
    Generate,
}

fn one_or_many<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "expected a URL or a list of URLs")]
    enum OneOrMany {
        One(String),
        Many(Vec<String>),
    }
    Ok(match OneOrMany::deserialize(deserializer)? {
        OneOrMany::One(url) => vec![url],
        OneOrMany::Many(urls) => urls,
    })
}
