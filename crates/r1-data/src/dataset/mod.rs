//! Data sets of problems, of traces and of judged answers, one file a source: each says what a row of its file looks like.
//!
//! Every source reads JSON lines, the same under gzip, and Parquet: see [`rows`].
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

mod place;
mod open;
mod json_error;
pub mod rows;
pub mod jsonl;
mod array;
mod csv;
#[cfg(feature = "parquet")]
mod parquet;
#[cfg(feature = "hub")]
mod hub;
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
pub mod countdown;
pub mod preference;
pub mod labelled;
pub mod stepwise;
mod reward_row;
mod fields;
mod answer;
mod conversation;
pub mod question_answer;
mod thought_markers;
pub mod openr1;
pub mod openthoughts;
pub mod stratos;
pub mod traces;
pub mod messages;
pub mod prompt_completion;
mod format;
mod trace_format;
mod detect;

pub use answer::AnswerKind;
pub use fields::Columns;
pub use format::Format;
pub use labelled::LabelledRow;
pub use preference::PreferenceRow;
pub use reward_row::{RewardRow, load as load_reward_rows};
pub use stepwise::StepwiseRow;
pub use trace_format::TraceFormat;

#[cfg(test)]
pub(crate) mod tests;
