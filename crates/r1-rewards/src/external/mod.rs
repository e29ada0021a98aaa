//! Rewards of your own without Rust: a process or a server that answers JSON with JSON.
//!
//! [`CommandReward`] starts a program and talks to it over its standard input and output, one JSON line each way;
//! `UrlReward` (feature `http`) posts the same JSON to a URL. Both read the same [`ExternalSettings`], so that a recipe says
//! `reward = { command = ["python3", "my_reward.py"] }` or `reward = { url = "http://localhost:8000/score" }`.
//!
//! The protocol, with a reward in ten lines of Python, stands in `docs/rewards.md`.
//!
//! # Invariants
//! - Scores come back in the order of the completions, whatever answers first.
//! - Every wait has an end: a process that dies, stalls, closes its pipes or writes garbage becomes an error.
//! - Trouble is never a 0: it is [`RewardError::World`](crate::RewardError::World), with the command or URL, what came
//!   instead of an answer, and what was expected.

mod settings;
mod error;
mod printable;
mod request;
mod answer;
mod dispatch;
mod command;
#[cfg(any(feature = "http", feature = "judge"))]
mod post;
#[cfg(feature = "http")]
mod url;

#[cfg(feature = "judge")]
pub(crate) use answer::Unusable;
pub use command::CommandReward;
pub use error::ExternalError;
#[cfg(feature = "judge")]
pub(crate) use post::Server;
pub use settings::ExternalSettings;
#[cfg(feature = "http")]
pub use url::UrlReward;
