//! What an update was made of, in digests: enough to tell whether it was made again with the same bits, and to name the
//! first thing that was not.

mod hash;
mod group;
mod update;

pub use group::GroupDigests;
pub use update::{StateDigests, UpdateDigests};
pub(crate) use update::{of_gradients, of_learner};
