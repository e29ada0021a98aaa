//! A causal language model on burn: Hugging Face checkpoints in and out, training kernels, and one
//! engine for rollouts, evaluation and chat.

pub mod config;
pub mod causal_lm;
pub mod packed_batch;
pub mod kernels;
pub mod parameters;
pub mod nn;
pub mod architecture;
pub mod checkpoint;
pub mod engine;
pub mod score;
pub mod language_model;
mod gradients;
mod awake;
pub mod device;
pub mod error;

pub use architecture::{Architecture, Transformer};
pub use awake::stay_awake;
pub use causal_lm::{Attend, CacheSpec, CausalLm, Head};
pub use config::{ModelConfig, Rope, RopeScaling};
pub use device::device;
pub use engine::{Engine, KvCache};
pub use error::ModelError;
pub use gradients::GradientStore;
pub use language_model::{EncodedPrompt, LanguageModel};
pub use packed_batch::{PackedBatch, PackedLayout, Segment};
pub use parameters::{Initial, Parameters};
pub use score::{Scores, score};
