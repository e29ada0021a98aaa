//! What every trainer shares: micro-batches, the backward pass, the optimizer, the state on the disk, and the loop.
//!
//! A trainer of one's own is a loss and a batch. [`Sequence`]s of token ids, each turn trained on or not, are packed into
//! [`MicroBatch`]es that share what they have in common; [`gradient_pass`] runs a loss over them; a [`Learner`] holds
//! the model with its optimizer, makes the update and saves both; a [`TrainingLoop`] makes updates until they are
//! enough, and calls its [`Hook`]s between them.
//!
//! ```
//! use burn::tensor::Device;
//! use r1_model::{Architecture, ModelConfig, Transformer};
//! use r1_train::{AdamW, AdamWConfig, MicroBatch, PassConfig, Sequence, gradient_pass};
//!
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("config.json");
//! let config = serde_json::json!({
//!     "model_type": "llama", "vocab_size": 16, "hidden_size": 32, "intermediate_size": 64,
//!     "num_hidden_layers": 2, "num_attention_heads": 4, "max_position_embeddings": 64, "rms_norm_eps": 1e-5,
//!     "rope_theta": 10000.0, "tie_word_embeddings": true, "hidden_act": "silu", "eos_token_id": 1,
//! });
//! let config = ModelConfig::parse(config.as_object().cloned().unwrap_or_default(), &path)?;
//! let mut model = Transformer::random(&config, 1, &Device::flex());
//! let mut optimizer = AdamW::new(AdamWConfig::default());
//!
//! // Two answers to one prompt: the prompt is computed once.
//! let (prompt, answers) = ([5, 6, 7], [[8, 9], [8, 10]]);
//! let sequences = answers.each_ref().map(|answer| Sequence::answer(&prompt, answer).in_group(0));
//! let batches = MicroBatch::pack(&sequences, 1024);
//! let mut losses = Vec::new();
//! for _ in 0..20 {
//!     let mut loss = 0.0;
//!     let gradients = gradient_pass(&model, &batches, &PassConfig::default(), |_, scores| {
//!         // Negative log-likelihood of the four answer tokens.
//!         (scores.slice([0..4, 0..1]).sum().div_scalar(-4.0), ())
//!     }, |_, value, ()| loss += value);
//!     (model, _) = optimizer.step(model, gradients, 1e-2);
//!     losses.push(loss);
//! }
//! assert!(losses[19] < 0.5 * losses[0], "{losses:?}");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Features
//! `flex` (default) is the CPU. `cuda`, `rocm`, `vulkan`, `metal`, `wgpu` and `ndarray` are those of r1-model.
//!
//! # Invariants
//! - Losses and gradients of micro-batches add: a loss carries the normaliser of the whole update.
//! - While the optimizer has the weights nobody else holds them, so they change in place.
//! - A checkpoint is whole or not there, and going on from it gives the same bits on the CPU.

mod backward;
mod micro_batch;
mod token_scores;
mod gradient_pass;
mod optimizer;
mod learner;
mod checkpoint;
mod training_loop;
pub mod plan;

pub use backward::{Recompute, backward};
pub use checkpoint::{TrainerState, write_checkpoint};
pub use gradient_pass::{PassConfig, gradient_pass};
pub use learner::Learner;
pub use micro_batch::{MicroBatch, Sequence};
pub use optimizer::{AdamW, AdamWConfig, Schedule};
pub use token_scores::{score_rows, token_scores};
pub use training_loop::{Control, Ended, Hook, Recorder, Trainer, TrainingLoop, Update};
