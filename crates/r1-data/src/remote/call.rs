//! One call, made again while its trouble may pass.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Duration,
};

use serde_json::Value;
use ureq::Agent;

use super::{ChatClient, RemoteError, Secret, reply};
use r1_core::Completion;

/// A reply longer than this is refused.
const MAX_REPLY_BYTES: u64 = 64 << 20;
/// No pause is longer, whatever the server asks for.
const LONGEST_PAUSE: Duration = Duration::from_secs(120);
/// How long a pause goes on after the others have given up.
const GLANCE: Duration = Duration::from_millis(20);

/// The result of one try.
pub(super) enum Trouble {
    /// It may go better next time, after the pause that the server asks for.
    Passing(RemoteError, Option<Duration>),
    /// It will not.
    Lasting(RemoteError),
}

impl ChatClient {
    pub(super) fn call(&self, agent: &Agent, body: &Value) -> Result<Completion, RemoteError> {
        let url = format!("{}/chat/completions", self.endpoint);
        again(self.retries.saturating_add(1), self.pause, &AtomicBool::new(false), |tries| {
            let text = exchange(agent, &url, self.key.as_ref(), Some(body), tries)?;
            reply::completion(&text).map_err(|reason| {
                Trouble::Passing(RemoteError::Reply { url: shown(&url), tries, reason }, None)
            })
        })
    }

    pub(super) fn agent(&self) -> Agent {
        agent(self.timeout)
    }
}

/// Connections whose calls take at most this long, from the address to the end of the reply.
pub(super) fn agent(timeout: Duration) -> Agent {
    Agent::config_builder().timeout_global(Some(timeout)).http_status_as_error(false).build().into()
}

/// Tries up to `attempts` times, told which time it is, counted from 1; gives up when `stopped`.
pub(super) fn again<T>(
    attempts: u32,
    mut pause: Duration,
    stopped: &AtomicBool,
    mut once: impl FnMut(u32) -> Result<T, Trouble>,
) -> Result<T, RemoteError> {
    let mut tries = 1;
    loop {
        match once(tries) {
            Ok(result) => return Ok(result),
            Err(Trouble::Passing(error, asked)) if tries < attempts => {
                if !rest(asked.unwrap_or(pause).min(LONGEST_PAUSE), stopped) {
                    return Err(error);
                }
                pause = pause.saturating_mul(2).min(LONGEST_PAUSE);
                tries += 1;
            }
            Err(Trouble::Passing(error, _) | Trouble::Lasting(error)) => return Err(error),
        }
    }
}

/// Waits; false when everything has `stopped` meanwhile.
fn rest(pause: Duration, stopped: &AtomicBool) -> bool {
    let mut left = pause;
    while !left.is_zero() && !stopped.load(Ordering::Relaxed) {
        let glance = left.min(GLANCE);
        thread::sleep(glance);
        left -= glance;
    }
    !stopped.load(Ordering::Relaxed)
}

/// Posts `body`, or gets when there is none, and returns the reply's body.
pub(super) fn exchange(
    agent: &Agent,
    url: &str,
    key: Option<&Secret>,
    body: Option<&Value>,
    tries: u32,
) -> Result<Vec<u8>, Trouble> {
    let unreachable = |error: ureq::Error| {
        let lasts = matches!(error, ureq::Error::BadUri(_) | ureq::Error::Http(_));
        let error = RemoteError::Unreachable { url: shown(url), tries, reason: error.to_string() };
        if lasts { Trouble::Lasting(error) } else { Trouble::Passing(error, None) }
    };
    let bearer = key.map(|key| format!("Bearer {}", key.0));
    let sent = match body {
        Some(body) => {
            let mut request = agent.post(url).header("content-type", "application/json");
            if let Some(bearer) = bearer {
                request = request.header("authorization", bearer);
            }
            request.send(body.to_string().as_bytes())
        }
        None => {
            let mut request = agent.get(url);
            if let Some(bearer) = bearer {
                request = request.header("authorization", bearer);
            }
            request.call()
        }
    };
    let mut response = sent.map_err(unreachable)?;
    let status = response.status().as_u16();
    let asked = response.headers().get("retry-after").and_then(|value| value.to_str().ok()?.parse().ok());
    let text = response.body_mut().with_config().limit(MAX_REPLY_BYTES).read_to_vec().map_err(unreachable)?;
    if status == 200 {
        return Ok(text);
    }
    let error = RemoteError::Status { url: shown(url), status, tries, message: reply::complaint(&text) };
    let passes = matches!(status, 408 | 409 | 425 | 429 | 500..);
    Err(if passes {
        Trouble::Passing(error, asked.map(Duration::from_secs))
    } else {
        Trouble::Lasting(error)
    })
}

/// The URL without a user's name and password.
pub(super) fn shown(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let host_ends = rest.find('/').unwrap_or(rest.len());
    match rest[..host_ends].rfind('@') {
        Some(at) => format!("{scheme}://{}", &rest[at + 1..]),
        None => url.to_owned(),
    }
}
