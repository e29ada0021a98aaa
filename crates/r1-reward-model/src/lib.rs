//! Reward models: what cannot be checked by a rule is judged by a model that learnt people's, or a judge's, preferences.
//!
//! A [`RewardModel`] is a language model with one number for a head. A [`RewardModelTrainer`] teaches it
//! [`RewardRow`](r1_data::dataset::RewardRow)s: pairs, of which one response is preferred, labelled
//! responses, and responses in labelled steps. A [`RewardModelReward`] is the reward of a policy; a model that learnt labelled steps is a [`ProcessReward`].
//!
//! ```no_run
//! use r1_core::Cursor;
//! use r1_data::dataset::load_reward_rows;
//! use r1_reward_model::{RewardModel, RewardModelConfig, RewardModelReward, RewardModelTrainer};
//!
//! let (rows, _) = load_reward_rows("pairs.jsonl")?;
//! let (held_out, rows) = rows.split_at(100);
//! let model = RewardModel::open("checkpoints/base", 0, &r1_model::device()?)?;
//! let mut trainer = RewardModelTrainer::new(RewardModelConfig::helpful(rows.len() as u64), model)?;
//! let mut source = Cursor::new(rows.to_vec(), 0)?;
//! while trainer.updates() < trainer.config().updates() {
//!     println!("{:.3}", trainer.step(&mut source)?.loss);
//! }
//! let evaluation = trainer.evaluate(held_out)?;
//! println!("{:.3} ± {:.3}", evaluation.accuracy, evaluation.standard_error);
//! let reward = RewardModelReward::new(trainer.into_model());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Features
//! `flex` (default) is the CPU. `cuda`, `rocm`, `vulkan`, `metal`, `wgpu` and `ndarray` are those of r1-model.
//!
//! # Invariants
//! - A sequence is scored where transformers scores it: at its last token that is not padding.
//! - Losses and gradients of micro-batches add up to those of the update: the normaliser is global. A pair is never
//!   divided.
//! - Killed and resumed, training ends with the same bits on the CPU.
//! - A completion's reward depends on nothing else in its batch.

mod error;
mod scope;
mod model;
mod load;
mod encode;
mod pack;
mod loss;
mod tally;
mod gradient;
mod config;
mod report;
mod trainer;
mod training;
mod checkpoint;
mod judgement;
mod reward;
mod process;

pub use config::RewardModelConfig;
pub use error::RewardModelError;
pub use loss::{PairwiseInputs, PointwiseInputs, pairwise_loss, pointwise_loss};
pub use model::RewardModel;
pub use process::{ProcessReward, ProcessRewardSettings, Whole};
pub use report::{RewardModelEvaluation, RewardModelReport};
pub use reward::{RewardModelReward, RewardModelSettings};
pub use scope::Scope;
pub use trainer::RewardModelTrainer;
pub use training::RewardModelTraining;
