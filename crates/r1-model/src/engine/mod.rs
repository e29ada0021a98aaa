//! One engine for rollouts, evaluation and chat: it knows token ids and probabilities, no text.
//!
//! Slots of a preallocated cache are refilled as sequences finish; a group's prompt is computed once
//! and its keys and values are copied to the slots of its samples.

pub mod memory;
pub mod kv_cache;
pub mod sampler;
pub mod request;
mod scheduler;
mod config;

pub use config::EngineConfig;
pub use kv_cache::KvCache;
pub use memory::{KeysValues, Memory, Remembered};
pub use request::{Generated, Limits, Request};
pub use sampler::{Draw, Sampler};
