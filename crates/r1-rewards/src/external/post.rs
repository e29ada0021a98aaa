//! Requests to a server, again when it is in passing trouble.

use std::{thread, time::Duration};

use ureq::Agent;

use super::{ExternalError, answer::Unusable, printable::beginning};

/// A longer reply is refused.
const LONGEST_REPLY: u64 = 64 << 20;
/// No pause is longer, whatever the server asks for.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// Most characters of a reply that a message shows.
const SHOWN_REPLY: usize = 200;

/// A server and how often it is asked.
pub(crate) struct Server {
    url: String,
    /// The URL for messages: without a user's name and password.
    shown: String,
    attempts: u32,
    /// The pause before the second attempt; it doubles each time.
    pub(crate) pause: Duration,
    /// The value of the header `authorization`.
    pub(crate) authorization: Option<String>,
    agent: Agent,
}

/// Why an attempt failed.
struct Trouble {
    error: Box<ExternalError>,
    /// Whether another attempt may do better.
    passes: bool,
    /// The pause that the server asks for.
    pause: Option<Duration>,
}

impl Trouble {
    fn passing(error: ExternalError) -> Self {
        Self { error: Box::new(error), passes: true, pause: None }
    }

    fn lasting(error: ExternalError) -> Self {
        Self { error: Box::new(error), passes: false, pause: None }
    }
}

impl Server {
    /// The server behind an address; `example` is one for messages.
    ///
    /// # Errors
    /// [`ExternalError::Setting`] when the URL does not begin with `http://` or `https://`.
    pub(crate) fn new(url: String, attempts: u32, example: &'static str) -> Result<Self, ExternalError> {
        let known = ["http://", "https://"].iter().any(|scheme| {
            url.strip_prefix(scheme)
                .is_some_and(|rest| !rest.is_empty() && url.parse::<ureq::http::Uri>().is_ok())
        });
        if !known {
            let value = format!("{url:?}");
            return Err(ExternalError::Setting { field: "url", value, expected: example });
        }
        let agent = Agent::config_builder().http_status_as_error(false).build().into();
        let (pause, shown) = (Duration::from_millis(500), without_user(&url));
        Ok(Self { url, shown, attempts, pause, authorization: None, agent })
    }

    /// The URL for messages.
    pub(crate) fn shown(&self) -> &str {
        &self.shown
    }

    /// What `read` makes of the reply to a JSON body.
    pub(crate) fn post<T>(
        &self,
        body: &[u8],
        limit: Duration,
        samples: usize,
        read: impl Fn(&[u8]) -> Result<T, Unusable>,
    ) -> Result<T, ExternalError> {
        let mut pause = self.pause;
        let mut attempts = 1;
        loop {
            match self.attempt(body, limit, samples, attempts, &read) {
                Ok(answer) => return Ok(answer),
                Err(trouble) if trouble.passes && attempts < self.attempts => {
                    thread::sleep(trouble.pause.unwrap_or(pause).min(LONGEST_PAUSE));
                    pause = pause.saturating_mul(2);
                    attempts += 1;
                }
                Err(trouble) => return Err(*trouble.error),
            }
        }
    }

    fn attempt<T>(
        &self,
        body: &[u8],
        limit: Duration,
        samples: usize,
        attempts: u32,
        read: impl Fn(&[u8]) -> Result<T, Unusable>,
    ) -> Result<T, Trouble> {
        let reward = || self.shown.clone();
        let failed = |error: ureq::Error| match error {
            ureq::Error::Timeout(_) => {
                Trouble::passing(ExternalError::time_limit(&self.shown, limit, samples, "", String::new()))
            }
            ureq::Error::BadUri(_) | ureq::Error::Http(_) => {
                let reason = error.to_string();
                Trouble::lasting(ExternalError::Unreachable { reward: reward(), attempts, reason })
            }
            ureq::Error::BodyExceedsLimit(_) => {
                let (line, problem) =
                    (String::new(), format!("the reply is longer than {LONGEST_REPLY} bytes"));
                let (expected, stderr) = ("a shorter one".into(), String::new());
                Trouble::lasting(ExternalError::Answer { reward: reward(), line, problem, expected, stderr })
            }
            error => {
                let reason = error.to_string();
                Trouble::passing(ExternalError::Unreachable { reward: reward(), attempts, reason })
            }
        };
        let mut request = self.agent.post(&self.url).header("content-type", "application/json");
        if let Some(authorization) = &self.authorization {
            request = request.header("authorization", authorization);
        }
        let request = request.config().timeout_global(Some(limit)).build();
        let mut response = request.send(body).map_err(failed)?;
        let status = response.status().as_u16();
        let asked = response.headers().get("retry-after").and_then(|value| value.to_str().ok()?.parse().ok());
        let reply = response.body_mut().with_config().limit(LONGEST_REPLY).read_to_vec().map_err(failed)?;
        if !(200..300).contains(&status) {
            let message = match beginning(&reply, SHOWN_REPLY) {
                text if text.is_empty() => "nothing more".to_owned(),
                text => text,
            };
            let error = ExternalError::Status { reward: reward(), status, attempts, message };
            let passes = matches!(status, 408 | 425 | 429 | 500..);
            return Err(Trouble { error: Box::new(error), passes, pause: asked.map(Duration::from_secs) });
        }
        read(&reply).map_err(|unusable| {
            let Unusable { problem, expected } = unusable;
            let (line, stderr) = (beginning(&reply, SHOWN_REPLY), String::new());
            Trouble::lasting(ExternalError::Answer { reward: reward(), line, problem, expected, stderr })
        })
    }
}

/// `http://host/path` of `http://user:password@host/path`.
fn without_user(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    match authority.rsplit_once('@') {
        Some((_, host)) => format!("{scheme}://{host}{path}"),
        None => url.to_owned(),
    }
}
