//! Group Relative Policy Optimization: the algorithm of the DeepSeek-R1 papers and its published variants.
//!
//! The three to know: a [`GrpoTrainer`] makes one optimizer update a [`step`](GrpoTrainer::step), a [`GrpoConfig`] is
//! everything that is chosen before (a paper's recipe by name, then changes), and the [`Objective`] in it names every
//! choice of the loss. The equations are pure functions and can be used alone: [`group_advantages`], [`grpo_loss`].
//!
//! # Examples
//! A model of 16 characters with random weights learns to write the letter `a`:
//! ```
//! use burn::tensor::Device;
//! use r1_core::{Cursor, Problem, Reference, template::PromptTemplate};
//! use r1_data::tokenizer::Tokenizer;
//! use r1_grpo::{GrpoConfig, GrpoTrainer};
//! use r1_model::{LanguageModel, ModelConfig};
//! use r1_rewards::reward_fn;
//!
//! # let folder = tempfile::tempdir()?;
//! # let folder = folder.path();
//! Tokenizer::characters("abcdefghijkl?=", &["<|end|>"], folder)?;
//! let architecture = serde_json::json!({
//!     "model_type": "llama", "vocab_size": 16, "hidden_size": 32, "intermediate_size": 64,
//!     "num_hidden_layers": 2, "num_attention_heads": 4, "max_position_embeddings": 64, "rms_norm_eps": 1e-5,
//!     "rope_theta": 10000.0, "tie_word_embeddings": true, "hidden_act": "silu", "eos_token_id": 1,
//! });
//! let architecture = architecture.as_object().cloned().unwrap_or_default();
//! let architecture = ModelConfig::parse(architecture, &folder.join("config.json"))?;
//! // A checkpoint comes from `LanguageModel::load(folder, &r1_model::device()?)`.
//! let policy = LanguageModel::random(architecture, folder, 1, &Device::flex())?;
//!
//! let reward = reward_fn("letter", |_, completion| completion.text.matches('a').count() as f32);
//! let problems = ["b?", "cd?", "e=?"].map(|question| Problem::new(question, question, Reference::text("a")));
//! let mut source = Cursor::new(problems.to_vec(), 0)?;
//!
//! let config = GrpoConfig::r1_zero()
//!     .with_template(PromptTemplate::Plain)
//!     .with_group_size(8)
//!     .with_prompts_per_step(3)
//!     .with_mini_batches_per_rollout(1)
//!     .with_max_tokens(4)
//!     .with_learning_rate(5e-3);
//! let mut trainer = GrpoTrainer::new(config, policy)?;
//! while trainer.updates() < 40 {
//!     let report = trainer.step(&mut source, &reward)?;
//!     println!("{}", serde_json::to_string(&report)?);
//! }
//! let last = trainer.step(&mut source, &reward)?;
//! assert!(last.reward.is_some_and(|reward| reward > 3.0), "{last:?}");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Concepts
//! - A *rollout* is a completion sampled for training; the rollouts of one problem are a [`Group`], and advantages
//!   compare within it. One draw of problems serves [`GrpoConfig::updates_per_rollout`] updates, 16 in the paper.
//! - A step is computed in [micro-batches](r1_train::MicroBatch), as many as memory asks for. The prompt of a group is computed once.
//! - Log-probabilities are those of the distribution that was sampled: the whole vocabulary, at the temperature of
//!   the rollouts.
//!
//! # Features
//! `remote`: rollouts of vLLM and SGLang servers. `flex` (default) is the CPU. `cuda`, `rocm`, `vulkan`, `metal`, `wgpu` and `ndarray` are those of r1-model.
//!
//! # Invariants
//! - Losses, gradients and metrics of micro-batches add up to those of the step: every normaliser is global
//!   ([`StepTotals`]). [`Reduction::LocalTokenMean`] is the one exception, and says so.
//! - Problems are drawn only when no rollouts are pending. If a step fails, nothing has been trained with it; if it
//!   fails while rollouts are collected, the source stands where it stood.
//! - Same seed, same build, same machine type: same bits on the CPU; killed and resumed from a checkpoint, too.
//! - An abstention, a bad reference and a number that is not finite never become a reward of 0.
//! - Advantages are given for each token, so that outcome and process rewards take the same path.
//! - Inputs of the equations have names; no two tensors can be swapped.

mod error;
mod objective;
mod advantage;
mod rollout;
mod report;
mod digest;
mod trainer;

pub use advantage::{
    AdvantageConfig, Baseline, Deviation, Scale, StepReward, batch_advantages, gdpo_advantages,
    group_advantages, per_token, process_advantages,
};
pub use digest::{GroupDigests, StateDigests, UpdateDigests};
pub use error::GrpoError;
pub use objective::{
    AdaptiveEntropy, Cispo, CispoInputs, Clip, ClipInputs, Correction, CorrectionInputs, CorrectionLevel,
    Gamma, GrpoInputs, GrpoLoss, Kl, KlEstimator, KlInputs, LossMetrics, Objective, Outside, PendingMetrics,
    RatioInputs, RatioLevel, Reduction, ReductionInputs, Sapo, SapoInputs, Share, StepTotals, Surrogate,
    Tally, TopEntropy, Vespo, VespoInputs, VespoWeightInputs, cispo_loss, clip_loss, grpo_loss,
    kl_divergence, log_ratio, mismatch_weights, sapo_loss, token_weights, top_entropy, vespo_loss,
    vespo_weight,
};
pub use report::{
    REFLECTIVE_WORDS, RolloutRow, StepReport, StepTimings, TermStatistics, diagnosis, reflective_words,
};
#[cfg(feature = "remote")]
pub use rollout::RemoteRollouts;
pub use rollout::{
    Group, GroupSignal, PolicyRollouts, RecordedRollouts, RecordingRollouts, Rollout, RolloutRequest,
    RolloutSource, TokenScores, group_signal,
};
pub use trainer::{
    GrpoConfig, GrpoTrainer, GrpoTraining, LengthStep, LongPrompts, Member, Stale, pack_groups,
};
