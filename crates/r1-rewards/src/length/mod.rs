//! Rewards for how long a completion is, by its token ids.
//!
//! All count the tokens that the policy wrote, the stop token included. A completion that is known by its text alone has no
//! tokens, and they abstain.

mod overlong;
mod cosine;
mod kimi;
mod tokens;

pub use cosine::{CosineReward, CosineSchedule, cosine};
pub use kimi::{KimiLengthReward, kimi};
pub use overlong::{OverlongReward, overlong};
pub(crate) use tokens::policy_ids;
