//! A server as a reward.

use std::{
    fmt,
    sync::atomic::{AtomicU64, Ordering},
    thread,
    time::Duration,
};

use r1_core::{Completion, GroupScores, Outcome, Problem, Reward, RewardError, RewardKind};
use ureq::Agent;

use super::{
    ExternalError, ExternalSettings,
    answer::{self, Answer, Unusable},
    dispatch::{self, Connection},
    printable::beginning,
    request::{self, Sample},
};

/// A longer reply is refused.
const LONGEST_REPLY: u64 = 64 << 20;
/// No pause is longer, whatever the server asks for.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// Most characters of a reply that a message shows.
const SHOWN_REPLY: usize = 200;

/// A reward that a server of yours gives: each request is posted as JSON and answered with JSON, as `docs/rewards.md`
/// describes.
///
/// A server that cannot be reached, is too slow, or answers 408, 425, 429 or 5xx is asked again,
/// [`attempts`](ExternalSettings::attempts) times in all, after a pause that doubles each time, or that its
/// `retry-after` asks for. Other statuses and answers that cannot be used are errors at once.
/// [`processes`](ExternalSettings::processes) requests are under way at a time.
///
/// # Examples
/// ```no_run
/// use r1_rewards::{ExternalSettings, UrlReward};
///
/// let settings = ExternalSettings { batch: 64, processes: 4, ..ExternalSettings::default() };
/// let reward = UrlReward::new("http://localhost:8000/score", settings)?.with_name("judge");
/// # Ok::<(), r1_rewards::ExternalError>(())
/// ```
pub struct UrlReward {
    name: String,
    url: String,
    /// The URL for messages: without a user's name and password.
    shown: String,
    settings: ExternalSettings,
    pause: Duration,
    agent: Agent,
    requests: AtomicU64,
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

impl UrlReward {
    /// A reward called `url` that asks this address.
    ///
    /// # Errors
    /// [`ExternalError::Setting`] when the URL does not begin with `http://` or `https://`, or a setting is out of
    /// range.
    pub fn new(url: impl Into<String>, settings: ExternalSettings) -> Result<Self, ExternalError> {
        settings.validate()?;
        let url = url.into();
        let known = ["http://", "https://"].iter().any(|scheme| {
            url.strip_prefix(scheme)
                .is_some_and(|rest| !rest.is_empty() && url.parse::<ureq::http::Uri>().is_ok())
        });
        if !known {
            let expected = "an address such as http://localhost:8000/score";
            return Err(ExternalError::Setting { field: "url", value: format!("{url:?}"), expected });
        }
        let agent = Agent::config_builder().http_status_as_error(false).build().into();
        let pause = Duration::from_millis(500);
        let (name, shown) = ("url".to_owned(), without_user(&url));
        Ok(Self { name, url, shown, settings, pause, agent, requests: AtomicU64::new(0) })
    }

    /// The same under another name, which reports and errors have.
    #[must_use]
    pub fn with_name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// The same with another pause before the second attempt; it doubles each time. Half a second by default.
    #[must_use]
    pub fn with_pause(mut self, pause: Duration) -> Self {
        self.pause = pause;
        self
    }

    fn attempt(&self, body: &[u8], id: u64, samples: usize, attempts: u32) -> Result<Vec<Answer>, Trouble> {
        let reward = || self.shown.clone();
        let limit = self.settings.time_limit(samples);
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
        let request = self.agent.post(&self.url).header("content-type", "application/json");
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
        answer::decode(&reply, id, samples, self.settings.batch > 0).map_err(|unusable| {
            let Unusable { problem, expected } = unusable;
            let (line, stderr) = (beginning(&reply, SHOWN_REPLY), String::new());
            Trouble::lasting(ExternalError::Answer { reward: reward(), line, problem, expected, stderr })
        })
    }
}

impl Connection for UrlReward {
    fn shown(&self) -> &str {
        &self.shown
    }

    fn ask(&self, samples: &[Sample<'_>]) -> Result<Vec<Answer>, ExternalError> {
        let id = self.requests.fetch_add(1, Ordering::Relaxed);
        let body = request::encode(id, samples, self.settings.batch > 0, self.settings.token_ids);
        let mut pause = self.pause;
        let mut attempts = 1;
        loop {
            match self.attempt(&body, id, samples.len(), attempts) {
                Ok(answers) => return Ok(answers),
                Err(trouble) if trouble.passes && attempts < self.settings.attempts => {
                    thread::sleep(trouble.pause.unwrap_or(pause).min(LONGEST_PAUSE));
                    pause = pause.saturating_mul(2);
                    attempts += 1;
                }
                Err(trouble) => return Err(*trouble.error),
            }
        }
    }
}

impl Reward for UrlReward {
    fn name(&self) -> &str {
        &self.name
    }

    fn score(&self, problem: &Problem, completion: &Completion) -> Result<Outcome, RewardError> {
        dispatch::score(self, &self.name, problem, completion)
    }

    fn score_group(&self, problem: &Problem, completions: &[Completion]) -> GroupScores {
        self.score_batch(&[(problem, completions)]).pop().unwrap_or_default()
    }

    /// All completions of a step, over as many requests at a time as the settings say.
    fn score_batch(&self, groups: &[(&Problem, &[Completion])]) -> Vec<GroupScores> {
        dispatch::score_batch(self, &self.name, &self.settings, groups)
    }

    fn kind(&self) -> RewardKind {
        RewardKind::Blocking
    }
}

impl fmt::Debug for UrlReward {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("UrlReward");
        shown.field("name", &self.name).field("url", &self.shown).field("settings", &self.settings);
        shown.finish_non_exhaustive()
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
