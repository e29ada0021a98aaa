//! Traces: the other half of DeepSeek-R1. A strong model's verified thoughts make a small model strong.
//!
//! The three to know: [`rejection_sample`] asks any teacher and keeps what is right and readable, a [`Trace`] is a prompt
//! and the completion to learn, and an [`SftTrainer`] teaches it, one optimizer update a [`step`](SftTrainer::step). The
//! paper's numbers are presets of [`SftConfig`].
//!
//! ```no_run
//! use r1_core::Cursor;
//! use r1_data::dataset::gsm8k;
//! use r1_distill::{RejectionConfig, SftConfig, SftTrainer, Student, rejection_sample};
//! use r1_model::LanguageModel;
//! use r1_rewards::AccuracyReward;
//!
//! let device = r1_model::device()?;
//! let mut teacher = LanguageModel::load("checkpoints/teacher", &device)?;
//! let config = RejectionConfig::new().with_teacher("teacher").with_samples(4);
//! let traces = rejection_sample(&mut teacher, &gsm8k::load("train.jsonl")?, &AccuracyReward::new(), &config)?;
//!
//! let config = SftConfig::distill(Student::Qwen1_5b, traces.len() as u64);
//! let mut trainer = SftTrainer::new(config, LanguageModel::load("checkpoints/student", &device)?)?;
//! let mut source = Cursor::new(traces, 0)?;
//! while trainer.updates() < trainer.config().updates() {
//!     println!("{:.3}", trainer.step(&mut source)?.loss);
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Features
//! `flex` (default) is the CPU. `cuda`, `rocm`, `vulkan`, `metal`, `wgpu` and `ndarray` are those of r1-model.
//!
//! # Invariants
//! - Only completion tokens are learnt, the one that ends the turn included. No trace sees another that it is packed
//!   with, and none is ever cut.
//! - Losses and gradients of micro-batches add up to those of the update: the normaliser is global.
//! - Killed and resumed, training ends with the same bits on the CPU, and a file of traces with the same bytes.

mod error;
mod encode;
mod loss;
mod gradient;
mod config;
mod preset;
mod report;
mod trainer;
mod training;
mod checkpoint;
mod journalled;
mod rejection;
mod step_labels;

pub use config::SftConfig;
pub use encode::{EncodedTrace, encode_trace};
pub use error::DistillError;
pub use loss::{SftInputs, sft_loss};
pub use preset::Student;
pub use r1_core::Trace;
pub use r1_rewards::{Readability, Unreadable};
pub use rejection::{
    RejectionConfig, RejectionProgress, RejectionReport, rejection_sample, rejection_sample_into,
};
pub use report::SftReport;
pub use step_labels::{StepLabelConfig, StepLabelProgress, StepLabelReport, label_steps_into};
pub use trainer::SftTrainer;
pub use training::SftTraining;
