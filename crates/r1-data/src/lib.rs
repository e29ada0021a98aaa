//! What a policy is asked and what it answered.
//!
//! This crate is the vocabulary that every other r1 crate speaks. It knows no tensor and no reward:
//! a [`Problem`] has a question and a reference answer, a [`Prompt`] is what the model is shown, a
//! [`Completion`] is what it wrote, and [`Generate`] is anything that turns one into the other.
//!
//! ```
//! use r1_data::{Completion, FinishReason, Problem, Reference};
//!
//! let problem = Problem::new("sum-1", "What is 2 + 2?", Reference::number("4"));
//! let completion = Completion::from_text("<think>2 + 2 = 4</think><answer>4</answer>", FinishReason::Stop);
//! assert_eq!(completion.response().answer, "4");
//! assert_eq!(problem.id, "sum-1");
//! ```
//!
//! # Features
//! - `tokenizer`: the module of that name, Hugging Face `tokenizer.json` files.
//! - `curate`: the module of that name, decontamination, near-duplicates, pass rates.
//! - `parquet`: Parquet files wherever JSON lines are read.
//! - `hub`: files of the Hugging Face Hub, `hf://datasets/OWNER/NAME/FILE`, with its cache.
//! - `remote`: chat models behind an OpenAI-compatible endpoint.
//! - `template`: chat templates (`chat_template.jinja`).
//!
//! # Invariants
//! - Randomness is keyed, never drawn: see [`key`].
//! - A sampled token id is never re-tokenised; [`Completion::ids`] is the truth and its text a rendering.

pub mod key;
pub mod problem;
pub mod message;
pub mod prompt;
pub mod response;
pub mod completion;
pub mod generate;
pub mod trace;
pub mod scripted;
pub mod source;
pub mod mixture;
pub mod packing;
#[cfg(feature = "tokenizer")]
pub mod tokenizer;
#[cfg(any(feature = "tokenizer", feature = "template"))]
mod tokenizer_config;
pub mod template;
pub mod dataset;
pub mod task;
#[cfg(feature = "remote")]
pub mod remote;
#[cfg(feature = "curate")]
pub mod curate;
pub mod error;

pub use completion::{Completion, FinishReason};
pub use error::DataError;
pub use generate::{Generate, GenerateError, Sampling};
pub use key::{Key, KeyedStream};
pub use message::{Message, Role};
pub use mixture::Mixture;
pub use problem::{Problem, Reference};
pub use prompt::{Content, Prompt};
pub use response::{FormatError, Response};
pub use scripted::ScriptedGenerator;
pub use source::{Cursor, ProblemSource, TraceSource};
pub use trace::Trace;
