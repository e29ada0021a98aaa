//! Datasets of problems and traces, recipes that mix them, tokenizers and chat templates.
//!
//! [`dataset`] reads the known sets and files of one's own; the features add the rest. What is read are the
//! types of [`r1_core`].
//!
//! # Features
//! - `parquet` (default): Parquet files wherever JSON lines are read.
//! - `recipe` (default): the module of that name, data described by a TOML or JSON file.
//! - `curate`: the module of that name, decontamination, near-duplicates, pass rates; part of `recipe`.
//! - `tokenizer`: the module of that name, Hugging Face `tokenizer.json` files.
//! - `template`: the module of that name, chat templates (`chat_template.jinja`).
//! - `hub`: files of the Hugging Face Hub, `hf://datasets/OWNER/NAME/FILE`, with its cache.
//! - `remote`: the module of that name, chat models behind an OpenAI-compatible endpoint.

pub mod dataset;
#[cfg(feature = "tokenizer")]
pub mod tokenizer;
#[cfg(any(feature = "tokenizer", feature = "template"))]
mod tokenizer_config;
#[cfg(feature = "template")]
pub mod template;
#[cfg(feature = "remote")]
pub mod remote;
#[cfg(feature = "curate")]
pub mod curate;
#[cfg(feature = "recipe")]
pub mod recipe;
mod nearest;
mod error;

pub use error::DataError;
pub use nearest::{did_you_mean, or_nearest};
