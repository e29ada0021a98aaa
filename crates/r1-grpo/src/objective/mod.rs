//! The objective: one choice for each part of the equation, and the loss that they make.

mod adaptive_entropy;
mod correction;
mod inputs;
mod kl;
mod loss;
mod mask;
mod metrics;
mod preset;
mod ratio;
mod reduction;
mod segment;
mod surrogate;
mod tally;
mod validate;

pub use adaptive_entropy::AdaptiveEntropy;
pub use correction::{Correction, CorrectionInputs, CorrectionLevel, Outside, mismatch_weights};
pub use inputs::{GrpoInputs, GrpoLoss, StepTotals};
pub use kl::{Kl, KlEstimator, KlInputs, kl_divergence};
pub use loss::grpo_loss;
pub use mask::{TopEntropy, top_entropy};
pub use metrics::{LossMetrics, PendingMetrics};
pub use ratio::{RatioInputs, RatioLevel, log_ratio};
pub use reduction::{Reduction, ReductionInputs, token_weights};
pub use surrogate::{
    Cispo, CispoInputs, Clip, ClipInputs, Gamma, Sapo, SapoInputs, Surrogate, Vespo, VespoInputs,
    VespoWeightInputs, cispo_loss, clip_loss, sapo_loss, vespo_loss, vespo_weight,
};
pub use tally::{Share, Tally};

use serde::{Deserialize, Serialize};

/// Which objective is optimised: one choice for each part of the equation.
///
/// ```text
/// loss = Σ_t weight_t · ( w_t · m_t · l(c_t, A_t) + β · kl_t ) − entropy_coef · mean_t H_t
/// ```
///
/// Where:
/// - `c_t`: importance ratio ([`RatioLevel`])
/// - `l`: surrogate loss of a token ([`Surrogate`])
/// - `w_t`: correction of the mismatch between sampler and trainer ([`Correction`])
/// - `m_t`: 0 on tokens masked by `off_policy_threshold` or `top_entropy`, else 1
/// - `kl_t`: divergence from the reference ([`Kl`])
/// - `weight_t`: share of the token in the mean over the optimizer step ([`Reduction`])
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Objective {
    /// Over what the importance ratio is taken: a token or a completion.
    pub ratio: RatioLevel,
    /// What is optimised for a token, given its ratio and its advantage.
    pub surrogate: Surrogate,
    /// How tokens are averaged.
    pub reduction: Reduction,
    /// Divergence from the reference, as a part of the loss. Coefficient 0 turns it off.
    pub kl: Kl,
    /// Off-policy mask of DeepSeek-V3.2: a token with `A_t < 0` is masked when
    /// `mean_t log(π_old/π_θ)` of its completion is above this threshold.
    pub off_policy_threshold: Option<f32>,
    /// Fraction of the tokens, those of the highest entropy, on which the surrogate acts; 1 keeps all.
    pub top_entropy: f32,
    /// Weight of the entropy bonus; 0 turns it off.
    pub entropy_coef: f32,
    /// Correction of the mismatch between the sampler and the trainer, if any.
    pub correction: Option<Correction>,
}
