//! A judge behind an OpenAI-compatible endpoint.

use std::{env, fmt, time::Duration};

use r1_core::Message;
use serde::Deserialize;
use serde_json::json;

use super::{JudgeError, JudgeSettings, cache::Cache};
use crate::external::{Server, Unusable};

/// **A type that implements `Judging` is a model that reads a conversation and replies.**
///
/// It must give the same reply to the same conversation, or runs cannot be resumed.
pub trait Judging: Send + Sync {
    /// The reply.
    ///
    /// # Errors
    /// When there is none, for whatever reason.
    fn reply(&self, messages: &[Message]) -> Result<String, Box<dyn std::error::Error + Send + Sync>>;

    /// How many replies may be under way at a time.
    fn parallel(&self) -> usize {
        1
    }
}

/// A model behind an OpenAI-compatible endpoint, with a cache of its replies.
///
/// # Examples
/// ```no_run
/// use r1_rewards::judge::{ChatJudge, JudgeSettings, ReferenceJudgeReward};
///
/// let settings = JudgeSettings { model: "deepseek-chat".into(), ..JudgeSettings::default() };
/// let judge = ChatJudge::new("http://localhost:8000/v1", settings)?;
/// let reward = ReferenceJudgeReward::new(judge);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct ChatJudge {
    server: Server,
    settings: JudgeSettings,
    cache: Cache,
}

#[derive(Deserialize)]
struct Reply {
    choices: Vec<Choice>,
}

#[derive(Deserialize)]
struct Choice {
    message: Content,
}

#[derive(Deserialize)]
struct Content {
    content: Option<String>,
}

impl ChatJudge {
    /// The judge at `base` + `/chat/completions`.
    ///
    /// # Errors
    /// For an address or a setting that is none, a key that is not in the environment, and a cache that cannot be opened.
    pub fn new(base: &str, settings: JudgeSettings) -> Result<Self, JudgeError> {
        settings.validate()?;
        let url = format!("{}/chat/completions", base.trim_end_matches('/'));
        let mut server = Server::new(url, settings.attempts, "an address such as http://localhost:8000/v1")?;
        if let Some(variable) = &settings.api_key_variable {
            let key = env::var(variable).map_err(|_| JudgeError::Key { variable: variable.clone() })?;
            server.authorization = Some(format!("Bearer {key}"));
        }
        let cache = match &settings.cache {
            Some(path) => {
                Cache::open(path).map_err(|source| JudgeError::Cache { path: path.clone(), source })?
            }
            None => Cache::default(),
        };
        Ok(Self { server, settings, cache })
    }

    /// The same with another pause before the second attempt; it doubles each time. Half a second by default.
    #[must_use]
    pub fn with_pause(mut self, pause: Duration) -> Self {
        self.server.pause = pause;
        self
    }
}

impl Judging for ChatJudge {
    fn reply(&self, messages: &[Message]) -> Result<String, Box<dyn std::error::Error + Send + Sync>> {
        let JudgeSettings { model, temperature, max_tokens, timeout_seconds, .. } = &self.settings;
        let body = json!({"model": model, "messages": messages, "temperature": temperature, "max_tokens": max_tokens});
        let body = serde_json::to_vec(&body)?;
        let key = Cache::key(&body);
        if let Some(reply) = self.cache.get(&key) {
            return Ok(reply);
        }
        let read = |reply: &[u8]| {
            let unusable =
                |problem: String| Unusable { problem, expected: "a chat completion with one choice".into() };
            let reply: Reply = serde_json::from_slice(reply).map_err(|error| unusable(error.to_string()))?;
            let content = reply.choices.into_iter().next().and_then(|choice| choice.message.content);
            content.ok_or_else(|| unusable("it has no `choices[0].message.content`".into()))
        };
        let reply = self.server.post(&body, Duration::from_secs_f64(*timeout_seconds), 1, read)?;
        self.cache.put(key, &reply)?;
        Ok(reply)
    }

    fn parallel(&self) -> usize {
        self.settings.parallel
    }
}

impl fmt::Debug for ChatJudge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("ChatJudge");
        shown.field("url", &self.server.shown()).field("settings", &self.settings).finish_non_exhaustive()
    }
}
