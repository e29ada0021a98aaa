//! The DeepSeek-R1 system: one name for all r1 crates, and the `r1` command.
//!
//! A model learns to reason from problems and a reward. The whole run is a [`Recipe`](recipe::Recipe), which goes on to
//! the last bit where it was stopped:
//! ```
//! use r1::recipe::{Recipe, Registry, RunOptions, Trained};
//!
//! # let folder = tempfile::tempdir()?;
//! # let out = format!("output.dir={}", folder.path().join("run").display());
//! let small = ["updates=2", "grpo.group_size=4", "grpo.prompts_per_step=2", "grpo.sampling.max_tokens=16"];
//! let mut recipe = Recipe::read("../../recipes/nano/r1-zero.toml", &small)?;
//! recipe.evaluation = None;
//! # let recipe = Recipe::read("../../recipes/nano/r1-zero.toml", &[&small[..], &[&out]].concat())?;
//! # let mut recipe = recipe;
//! # recipe.evaluation = None;
//! if let Trained::Now(finished) = recipe.run(&Registry::new(), &RunOptions::default())? {
//!     println!("{}", finished.result);
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! - Without Rust: the command `r1`, `r1 train RECIPE.toml`; rewards may be programs of any language.
//! - With a reward in Rust: [`main_with`] is the command with one's own rewards beside those that it knows.
//! - Step by step: [`grpo::GrpoTrainer`] with any [`core::Reward`] and [`core::ProblemSource`]; [`pipeline::Stage`] gives
//!   it a folder with logs, checkpoints and resume.
//! - Equations, kernels, verifier and cage stand in crates of their own and are used alone: [`grpo::grpo_loss`],
//!   [`model`], [`rewards`].

pub use r1_core as core;
pub use r1_data as data;
pub use r1_distill as distill;
pub use r1_eval as eval;
pub use r1_grpo as grpo;
pub use r1_model as model;
pub use r1_reward_model as reward_model;
pub use r1_rewards as rewards;
pub use r1_run as run;
pub use r1_tasks as tasks;
pub use r1_train as train;

pub mod pipeline;
pub mod diagnose;
pub mod recipe;
pub mod process;
mod command;

pub use command::main_with;

/// The README, whose Rust is compiled as a test.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;
