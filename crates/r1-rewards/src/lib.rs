//! Opinions about completions.

pub mod outcome;
pub mod reward;
pub mod reward_fn;
pub mod score_all;
pub mod rubric;
pub mod error;

pub use error::RewardError;
pub use outcome::{Outcome, Part, Score};
pub use reward::{GroupScores, Reward, RewardKind};
pub use reward_fn::{RewardFn, reward_fn};
pub use rubric::Rubric;
pub use score_all::score_all;
