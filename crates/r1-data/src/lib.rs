//! Where problems, traces, tokenizers and templates come from.
//!
//! [`dataset`] reads the known sets and files of one's own, the features add
//! tokenizers, chat templates, curation and remote models. What is read are the types of [`r1_core`].
//!
//! # Features
//! - `tokenizer`: the module of that name, Hugging Face `tokenizer.json` files.
//! - `curate`: the module of that name, decontamination, near-duplicates, pass rates.
//! - `parquet`: Parquet files wherever JSON lines are read.
//! - `hub`: files of the Hugging Face Hub, `hf://datasets/OWNER/NAME/FILE`, with its cache.
//! - `remote`: chat models behind an OpenAI-compatible endpoint.
//! - `template`: chat templates (`chat_template.jinja`).

pub mod dataset;
pub mod packing;
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
mod error;

pub use error::DataError;
