//! A language model as a judge: pairs in both orders, or one answer against a reference.

mod settings;
mod error;
mod chat;
mod cache;
mod prompt;
mod verdict;
mod ask;
mod pairwise;
mod reference;

pub use chat::{ChatJudge, Judging};
pub use error::JudgeError;
pub use pairwise::PairwiseJudgeReward;
pub use reference::ReferenceJudgeReward;
pub use settings::JudgeSettings;
pub use verdict::{Preference, correctness, preference};
