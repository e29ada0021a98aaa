//! Data sets of problems, one file a source: each says what a line of its file looks like.
//!
//! ```
//! use r1_data::dataset::{Format, gsm8k};
//!
//! let file = tempfile::NamedTempFile::new()?;
//! std::fs::write(&file, r#"{"question": "1 + 1?", "answer": "It is 2.\n#### 2"}"#)?;
//! let problems = gsm8k::load(file.path())?;
//! assert_eq!((problems[0].id.as_str(), problems[0].question.as_str()), ("gsm8k-1", "1 + 1?"));
//! assert_eq!("gsm8k".parse::<Format>()?.load(file.path())?, problems);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod jsonl;
pub mod gsm8k;
pub mod svamp;
pub mod math;
pub mod aime;
pub mod mgsm;
pub mod humaneval;
pub mod mbpp;
pub mod livecodebench;
pub mod apps;
pub mod code_contests;
mod format;

pub use format::Format;

#[cfg(test)]
pub(crate) mod tests;
