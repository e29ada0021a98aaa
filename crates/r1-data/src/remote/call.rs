//! One call, made again while its trouble may pass.

use std::{thread, time::Duration};

use serde_json::Value;
use ureq::Agent;

use super::{ChatClient, RemoteError, reply};
use r1_core::Completion;

/// A reply longer than this is refused.
const MAX_REPLY_BYTES: u64 = 64 << 20;
/// No pause is longer, whatever the server asks for.
const LONGEST_PAUSE: Duration = Duration::from_secs(120);

/// The result of one try.
enum Trouble {
    /// It may go better next time, after the pause that the server asks for.
    Passing(RemoteError, Option<Duration>),
    /// It will not.
    Lasting(RemoteError),
}

impl ChatClient {
    pub(super) fn agent(&self) -> Agent {
        Agent::config_builder().timeout_global(Some(self.timeout)).http_status_as_error(false).build().into()
    }

    pub(super) fn call(&self, agent: &Agent, body: &Value) -> Result<Completion, RemoteError> {
        let mut pause = self.pause;
        let mut tries = 1;
        loop {
            match self.try_once(agent, body, tries) {
                Ok(completion) => return Ok(completion),
                Err(Trouble::Passing(_, asked)) if tries <= self.retries => {
                    thread::sleep(asked.unwrap_or(pause).min(LONGEST_PAUSE));
                    pause *= 2;
                    tries += 1;
                }
                Err(Trouble::Passing(error, _) | Trouble::Lasting(error)) => return Err(error),
            }
        }
    }

    fn try_once(&self, agent: &Agent, body: &Value, tries: u32) -> Result<Completion, Trouble> {
        let url = format!("{}/chat/completions", self.endpoint);
        let unreachable = |error: ureq::Error| {
            let (url, reason) = (url.clone(), error.to_string());
            Trouble::Passing(RemoteError::Unreachable { url, tries, reason }, None)
        };
        let mut request = agent.post(&url).header("content-type", "application/json");
        if let Some(key) = &self.key {
            request = request.header("authorization", format!("Bearer {}", key.0));
        }
        let mut response = request.send(body.to_string().as_bytes()).map_err(|error| match error {
            ureq::Error::BadUri(_) | ureq::Error::Http(_) => {
                let (url, reason) = (url.clone(), error.to_string());
                Trouble::Lasting(RemoteError::Unreachable { url, tries, reason })
            }
            error => unreachable(error),
        })?;
        let status = response.status().as_u16();
        let asked = response.headers().get("retry-after").and_then(|value| value.to_str().ok()?.parse().ok());
        let text =
            response.body_mut().with_config().limit(MAX_REPLY_BYTES).read_to_vec().map_err(unreachable)?;
        if status != 200 {
            let error = RemoteError::Status { url, status, tries, message: reply::complaint(&text) };
            let passes = matches!(status, 408 | 409 | 425 | 429 | 500..);
            return Err(if passes {
                Trouble::Passing(error, asked.map(Duration::from_secs))
            } else {
                Trouble::Lasting(error)
            });
        }
        reply::completion(&text)
            .map_err(|reason| Trouble::Passing(RemoteError::Reply { url: url.clone(), tries, reason }, None))
    }
}
