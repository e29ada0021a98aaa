//! Writers behind HTTP: a teacher or a judge that runs elsewhere ([`ChatClient`]), and servers that write rollouts
//! ([`CompletionsClient`]).

mod error;
mod call;
mod reply;
mod completions;

use std::{
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use serde_json::{Value, json};

pub use completions::{CompletionsClient, Dialect, RemoteRequest, RemoteSettings};
pub use error::RemoteError;

use r1_core::{Completion, Content, Generate, GenerateError, Key, Message, Prompt, Sampling};

/// A chat model behind `POST {endpoint}/chat/completions`, as OpenAI, DeepSeek, vLLM, llama.cpp and others serve it.
///
/// Completions are known by their text alone: ids and log-probabilities are empty, so they serve for traces and not for
/// reinforcement learning. Thoughts that the server sends apart, as `reasoning_content`, stand in `<think>` before the
/// answer. A call that fails for a reason that may pass (time-out, 408, 429, 5xx, a reply that is no JSON) is made again,
/// after a pause that doubles each time, or that the server asks for.
///
/// The seed of a call comes from its [`Key`]; whether the server heeds it is up to the server.
///
/// # Examples
/// ```no_run
/// use r1_core::{Generate, Key, Message, Content, Prompt, Sampling};
/// use r1_data::remote::ChatClient;
///
/// let mut teacher =
///     ChatClient::new("https://api.deepseek.com/v1", "deepseek-reasoner").with_key_of("DEEPSEEK_API_KEY")?;
/// let prompt = Prompt { content: Content::Messages(vec![Message::user("2 + 2?")]), key: Key::new(0) };
/// let written = teacher.generate(&[prompt], 4, &Sampling::default().with_max_tokens(4096))?;
/// println!("{}", written[0][3].text);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct ChatClient {
    endpoint: String,
    model: String,
    key: Option<Secret>,
    timeout: Duration,
    retries: u32,
    pause: Duration,
    parallel: usize,
}

/// A key that no debug output shows.
#[derive(Clone)]
struct Secret(String);

impl Secret {
    fn of(variable: &str) -> Result<Self, RemoteError> {
        match std::env::var(variable) {
            Ok(key) if !key.trim().is_empty() => Ok(Self(key.trim().to_owned())),
            _ => Err(RemoteError::Key { variable: variable.to_owned() }),
        }
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("***")
    }
}

impl ChatClient {
    /// A client of `{endpoint}/chat/completions`, without a key; 10 minutes for a call, 5 further tries, 8 calls at a
    /// time.
    pub fn new(endpoint: impl Into<String>, model: impl Into<String>) -> Self {
        Self {
            endpoint: endpoint.into().trim_end_matches('/').to_owned(),
            model: model.into(),
            key: None,
            timeout: Duration::from_secs(600),
            retries: 5,
            pause: Duration::from_secs(1),
            parallel: 8,
        }
    }

    /// The same with the key that an environment variable holds. It is sent to the endpoint and shown nowhere.
    ///
    /// # Errors
    /// [`RemoteError::Key`] when there is no such variable.
    pub fn with_key_of(self, variable: &str) -> Result<Self, RemoteError> {
        Ok(Self { key: Some(Secret::of(variable)?), ..self })
    }

    /// The same with another time for a call.
    pub fn with_timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    /// The same with another number of further tries, and another pause before the first of them.
    pub fn with_retries(self, retries: u32, pause: Duration) -> Self {
        Self { retries, pause, ..self }
    }

    /// The same with another number of calls at a time; at least one.
    pub fn with_parallel(self, parallel: usize) -> Self {
        Self { parallel: parallel.max(1), ..self }
    }

    fn body(&self, prompt: &Prompt, key: Key, sampling: &Sampling) -> Result<Value, RemoteError> {
        let messages = match &prompt.content {
            Content::Messages(messages) => messages.clone(),
            Content::Text(text) => vec![Message::user(text)],
            Content::Ids(_) => {
                let instead = "a conversation or a text";
                return Err(RemoteError::TokenIds { what: "token ids of a prompt", instead });
            }
        };
        let mut body = json!({
            "model": self.model, "messages": messages, "max_tokens": sampling.max_tokens,
            "temperature": shortest(sampling.temperature),
            "top_p": shortest(sampling.top_p),
            "seed": seed(key),
        });
        if let Some(top_k) = sampling.top_k {
            body["top_k"] = top_k.into();
        }
        if sampling.min_p > 0.0 {
            body["min_p"] = shortest(sampling.min_p).into();
        }
        if !sampling.stop.is_empty() {
            body["stop"] = json!(sampling.stop);
        }
        Ok(body)
    }
}

/// The setting as it was written: 0.6 and not 0.6000000238418579.
fn shortest(setting: f32) -> f64 {
    setting.to_string().parse().unwrap_or_else(|_| f64::from(setting))
}

/// Servers differ in how large a seed may be; 31 bits suit all.
fn seed(key: Key) -> u64 {
    key.bits(0) >> 33
}

impl Generate for ChatClient {
    fn generate(
        &mut self,
        prompts: &[Prompt],
        samples: usize,
        sampling: &Sampling,
    ) -> Result<Vec<Vec<Completion>>, GenerateError> {
        sampling.validate()?;
        let failed = |error: RemoteError| GenerateError::Failed { source: error.into() };
        if !sampling.stop_ids.is_empty() {
            let instead = "stop texts";
            return Err(failed(RemoteError::TokenIds { what: "stop ids", instead }));
        }
        let mut bodies = Vec::new();
        for prompt in prompts {
            for sample in 0..samples {
                let key = prompt.key.for_sample(sample as u64);
                bodies.push(self.body(prompt, key, sampling).map_err(failed)?);
            }
        }
        let agent = self.agent();
        let next = AtomicUsize::new(0);
        let (written, trouble) = (Mutex::new(vec![None; bodies.len()]), Mutex::new(None));
        thread::scope(|scope| {
            for _ in 0..self.parallel.min(bodies.len()) {
                scope.spawn(|| {
                    // After the first failure nobody begins another call.
                    while trouble.lock().is_ok_and(|trouble| trouble.is_none()) {
                        let index = next.fetch_add(1, Ordering::Relaxed);
                        let Some(body) = bodies.get(index) else { return };
                        match self.call(&agent, body) {
                            Ok(completion) => {
                                let mut written = written.lock().unwrap_or_else(|lock| lock.into_inner());
                                written[index] = Some(completion);
                            }
                            Err(error) => {
                                let mut trouble = trouble.lock().unwrap_or_else(|lock| lock.into_inner());
                                trouble.get_or_insert(error);
                            }
                        }
                    }
                });
            }
        });
        if let Some(error) = trouble.into_inner().unwrap_or_else(|lock| lock.into_inner()) {
            return Err(failed(error));
        }
        let written = written.into_inner().unwrap_or_else(|lock| lock.into_inner());
        let mut completions = written.into_iter().flatten();
        Ok(prompts.iter().map(|_| completions.by_ref().take(samples).collect()).collect())
    }
}

#[cfg(test)]
mod tests;
