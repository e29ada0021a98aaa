//! Group Relative Policy Optimization: the objective of the DeepSeek-R1 papers and its published variants.
//!
//! The equations are pure functions over packed tokens. The three to know: [`group_advantages`] turns the rewards of
//! a group into advantages, [`Objective`] names every choice of the loss, and [`grpo_loss`] computes it.
//!
//! # Invariants
//! - Losses and metrics of micro-batches add up to those of the step: every normaliser is global ([`StepTotals`]).
//!   [`Reduction::LocalTokenMean`] is the one exception, and says so.
//! - Advantages are given for each token, so that outcome and process rewards take the same path.
//! - Inputs have names; no two tensors can be swapped.

mod error;
mod advantage;
mod filter;
mod segment;
mod ratio;
mod kl;
mod surrogate;
mod correction;
mod mask;
mod reduction;
mod tally;
mod metrics;
mod objective;
mod inputs;
mod loss;
mod preset;
mod validate;
mod config;
mod recipe;
mod rollout;
mod collect;
mod pending;
mod micro_batch;
mod gradient;
mod reference;
mod trainer;
mod step_report;
mod step_timings;
mod sample_row;
mod dump;

pub use advantage::{
    AdvantageConfig, Baseline, Deviation, Scale, batch_advantages, group_advantages, per_token,
};
pub use config::GrpoConfig;
pub use correction::{Correction, CorrectionInputs, CorrectionLevel, Outside, mismatch_weights};
pub use error::GrpoError;
pub use filter::{GroupSignal, group_signal, groups_with_signal};
pub use inputs::{GrpoInputs, GrpoLoss, StepTotals};
pub use kl::{Kl, KlEstimator, KlInputs, kl_divergence};
pub use loss::grpo_loss;
pub use mask::{TopEntropy, top_entropy};
pub use metrics::{LossMetrics, PendingMetrics};
pub use micro_batch::{Member, MicroBatch, token_scores};
pub use objective::Objective;
pub use ratio::{RatioInputs, RatioLevel, log_ratio};
pub use reduction::{Reduction, ReductionInputs, token_weights};
pub use rollout::{Group, Rollout, TokenScores};
pub use sample_row::SampleRow;
pub use step_report::{StepReport, TermStatistics};
pub use step_timings::StepTimings;
pub use surrogate::{
    Cispo, CispoInputs, Clip, ClipInputs, Gamma, Sapo, SapoInputs, Surrogate, Vespo, VespoInputs,
    VespoWeightInputs, cispo_loss, clip_loss, sapo_loss, vespo_loss, vespo_weight,
};
pub use tally::{Share, Tally};
pub use trainer::GrpoTrainer;
