//! A causal language model on burn: Hugging Face checkpoints in and out, training kernels, and one
//! engine for rollouts, evaluation and chat.
//!
//! # Examples
//! A checkpoint folder is a [`LanguageModel`]; it writes completions, tells what they were worth to it, and is saved in
//! the layout that it came in:
//! ```
//! use r1_core::{Content, Generate, Key, Prompt, Sampling};
//! use r1_model::{LanguageModel, checkpoint::WeightType};
//!
//! # let out = tempfile::tempdir()?;
//! # let out = out.path();
//! let mut model = LanguageModel::load("../../examples/nano", &r1_model::device()?)?;
//! let prompt = Prompt { content: Content::Text("3+5-2".into()), key: Key::new(7) };
//! let sampling = Sampling::greedy().with_max_tokens(8);
//! let completion = model.generate(&[prompt], 1, &sampling)?.remove(0).remove(0);
//! println!("{} ({:?})", completion.text, completion.logprobs);
//! model.save(out.join("copy"), WeightType::Bf16)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Below it, from the outside in: [`checkpoint`] reads and writes folders, [`config`] their `config.json`;
//! [`architecture`] composes blocks of [`nn`], which call [`kernels`]; [`causal_lm`] is what any language model must be
//! able to do, and [`packed_batch`] the batch that it is given; [`engine`] decodes many sequences at a time.

pub mod config;
pub mod causal_lm;
pub mod packed_batch;
pub mod kernels;
pub mod adapter;
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
mod precision;
pub mod error;

pub use adapter::{Adapter, LoraConfig};
pub use architecture::{Architecture, Transformer};
pub use awake::stay_awake;
pub use causal_lm::{Attend, CacheSpec, CausalLm, Head};
pub use config::{ModelConfig, Rope, RopeScaling};
pub use device::device;
pub use engine::{Engine, EngineConfig, KvCache};
pub use error::ModelError;
pub use gradients::{GradientStore, is_trained};
pub use language_model::{EncodedPrompt, LanguageModel, ModelSession};
pub use packed_batch::{PackedBatch, PackedLayout, Segment};
pub use parameters::{Initial, Parameters};
pub use precision::Precision;
pub use score::{Scores, score};
