//! Adapters: small trained additions to a frozen model, read and written as PEFT's.

mod config;
mod peft;
mod merge;

pub use config::LoraConfig;
pub(crate) use merge::Additions;
pub(crate) use peft::{ADAPTER_CONFIG, ADAPTER_WEIGHTS, PREFIX, PeftConfig};

use std::path::PathBuf;

use crate::checkpoint::Slot;

/// The adapter that a model was loaded with.
#[derive(Debug, Clone)]
pub struct Adapter {
    /// Its settings.
    pub config: LoraConfig,
    /// The folder of the model that it changes.
    pub base: PathBuf,
    /// How its parameters are stored.
    pub slots: Vec<Slot>,
}
