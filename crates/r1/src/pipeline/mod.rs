//! The stages of the paper's pipeline as folders: each trains a model, writes what it does, and can be killed and called
//! again.
//!
//! A [`Stage`] is a folder with `metrics.jsonl`, `timings.jsonl`, `checkpoints/` and, at the end, `model/` in Hugging
//! Face layout. The same call goes on from the newest checkpoint, to the last bit, and a stage that is done is only
//! loaded; other settings for the same folder are refused.

mod stage;
mod digests;
mod reinforce;
mod fine_tune;
mod interruptible;
mod reject;
mod label_steps;
mod reward_model;
mod task_benchmark;
mod comparison;
mod error;

pub use comparison::{Comparison, train_seconds};
pub(crate) use digests::FILE as DIGESTS;
pub use error::PipelineError;
pub use fine_tune::FineTuned;
pub use reinforce::Reinforcement;
pub use reward_model::TrainedRewardModel;
pub use stage::Stage;
pub use task_benchmark::TaskBenchmark;
