//! A server as a reward.

use std::{
    fmt,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use r1_core::{Completion, GroupScores, Outcome, Problem, Reward, RewardError, RewardKind};

use super::{
    ExternalError, ExternalSettings,
    answer::{self, Answer},
    dispatch::{self, Connection},
    post::Server,
    request::{self, Sample},
};

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
    settings: ExternalSettings,
    server: Server,
    requests: AtomicU64,
}

impl UrlReward {
    /// A reward called `url` that asks this address.
    ///
    /// # Errors
    /// [`ExternalError::Setting`] when the URL does not begin with `http://` or `https://`, or a setting is out of
    /// range.
    pub fn new(url: impl Into<String>, settings: ExternalSettings) -> Result<Self, ExternalError> {
        settings.validate()?;
        let server =
            Server::new(url.into(), settings.attempts, "an address such as http://localhost:8000/score")?;
        Ok(Self { name: "url".into(), settings, server, requests: AtomicU64::new(0) })
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
        self.server.pause = pause;
        self
    }
}

impl Connection for UrlReward {
    fn shown(&self) -> &str {
        self.server.shown()
    }

    fn ask(&self, samples: &[Sample<'_>]) -> Result<Vec<Answer>, ExternalError> {
        let id = self.requests.fetch_add(1, Ordering::Relaxed);
        let body = request::encode(id, samples, self.settings.batch > 0, self.settings.token_ids);
        let limit = self.settings.time_limit(samples.len());
        let read = |reply: &[u8]| answer::decode(reply, id, samples.len(), self.settings.batch > 0);
        self.server.post(&body, limit, samples.len(), read)
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
        shown.field("name", &self.name).field("url", &self.server.shown()).field("settings", &self.settings);
        shown.finish_non_exhaustive()
    }
}
