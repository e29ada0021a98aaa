//! One engine for rollouts, evaluation and chat: it knows token ids and probabilities, no text.
//!
//! An [`Engine`] takes requests at any time and writes all of them on, step by step. Keys and values lie in pages. Samples of
//! a prompt share its pages, and so do later prompts that begin alike; sequences that find no page are preempted and computed
//! again, to the same bits.

pub mod memory;
pub mod kv_cache;
mod pages;
pub mod sampler;
mod drafts;
mod sequence;
mod live;
mod step;
mod forward;
mod config;
mod batch;

pub use batch::{Generated, StopWhen};
pub use config::EngineConfig;
pub use kv_cache::KvCache;
pub use live::{Engine, Vocabulary};
pub use memory::{KeysValues, Memory, Remembered};
pub use sampler::{Choice, Draw, Sampler};
