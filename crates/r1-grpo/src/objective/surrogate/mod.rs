//! Surrogate losses: what is optimised for a token, given its importance ratio and its advantage.

mod clip;
mod cispo;
mod sapo;
mod vespo;

use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

pub use cispo::{CispoInputs, cispo_loss};
pub use clip::{ClipInputs, clip_loss};
pub use sapo::{SapoInputs, sapo_loss};
pub use vespo::{VespoInputs, VespoWeightInputs, vespo_loss, vespo_weight};

pub use cispo::Cispo;
pub use clip::Clip;
pub use sapo::Sapo;
pub use vespo::{Gamma, Vespo};

use crate::objective::segment::SegmentMap;

/// Which surrogate.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Surrogate {
    /// The clipped surrogate of PPO, GRPO, DAPO, Dr. GRPO and GSPO, with two-sided or dual clipping if wanted.
    Clip(Clip),
    /// Policy gradient weighted by the truncated ratio; no token loses its gradient.
    Cispo(Cispo),
    /// A sigmoid gate instead of a clip.
    Sapo(Sapo),
    /// Policy gradient weighted by a smooth function of the ratio of the whole completion.
    Vespo(Vespo),
    /// Plain policy gradient, `−A_t · log π_θ(o_t)`; ignores the ratio.
    Reinforce,
}

/// A surrogate loss and, where it has one, its weight of the policy gradient.
pub(crate) struct SurrogateLoss {
    pub(crate) loss: Tensor<1>,
    pub(crate) vespo_weight: Option<Tensor<1>>,
}

/// What every surrogate may look at; all `[tokens]`.
pub(crate) struct TokenInputs<'a> {
    pub(crate) logprobs: Tensor<1>,
    pub(crate) token_log_ratio: Tensor<1>,
    pub(crate) ratio: Tensor<1>,
    pub(crate) advantages: Tensor<1>,
    pub(crate) correction: Option<Tensor<1>>,
    pub(crate) map: &'a SegmentMap,
}

impl Surrogate {
    /// The clipped surrogate with the same range on both sides.
    pub const fn clip(epsilon: f32) -> Self {
        Self::Clip(Clip { epsilon_low: epsilon, epsilon_high: epsilon, ratio_cap: None, dual_clip: None })
    }

    /// The clipped surrogate with a wider range upwards (DAPO's clip-higher).
    pub const fn clip_higher(epsilon_low: f32, epsilon_high: f32) -> Self {
        Self::Clip(Clip { epsilon_low, epsilon_high, ratio_cap: None, dual_clip: None })
    }

    pub(crate) fn loss(&self, inputs: TokenInputs<'_>) -> SurrogateLoss {
        let TokenInputs { logprobs, token_log_ratio, ratio, advantages, correction, map } = inputs;
        let mut weight = None;
        let loss = match self {
            Self::Clip(clip) => clip_loss(ClipInputs { ratio, advantages }, clip),
            Self::Cispo(cispo) => cispo_loss(CispoInputs { logprobs, ratio, advantages }, cispo),
            Self::Sapo(sapo) => sapo_loss(SapoInputs { ratio, advantages }, sapo),
            Self::Vespo(vespo) => {
                let phi = vespo::weight(token_log_ratio, advantages.clone(), correction, map, vespo);
                weight = Some(phi.clone());
                vespo_loss(VespoInputs { logprobs, weight: phi, advantages })
            }
            Self::Reinforce => -(logprobs * advantages.detach()),
        };
        SurrogateLoss { loss, vespo_weight: weight }
    }
}
