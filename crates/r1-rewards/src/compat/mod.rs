//! Rewards of other projects, number for number, to compare runs with theirs.
//!
//! They have the gaps of their models, named at each; [`FormatReward`](crate::FormatReward) and the rewards of
//! [`length`](crate::length) close them. `tests/golden/rewards.py` runs the originals and writes the vectors that these are held
//! against.

pub mod open_r1;
pub mod trl;
