//! Published objectives by name. A preset sets the loss only; the advantages that belong to it are named beside it.

use crate::{Cispo, Clip, Kl, Objective, RatioLevel, Reduction, Surrogate};

impl Objective {
    /// DeepSeek-R1: token ratio, ε = 10, `k3` with β = 0.001, mean over completions of the mean over tokens.
    ///
    /// ε is stated for R1's first stage only (arXiv:2501.12948v2, section 3.2.1) and inferred for R1-Zero. At 10 the
    /// lower limit never acts, so the loss of tokens of negative advantage is bounded by no clip; see
    /// [`Clip::dual_clip`].
    pub const fn r1() -> Self {
        Self {
            ratio: RatioLevel::Token,
            surrogate: Surrogate::clip(10.0),
            reduction: Reduction::CompletionMean,
            kl: Kl::k3(0.001),
            off_policy_threshold: None,
            top_entropy: 1.0,
            entropy_coef: 0.0,
            correction: None,
        }
    }

    /// GRPO of DeepSeekMath (arXiv:2402.03300): β = 0.04; it gives no ε, and 0.2 is PPO's.
    pub const fn grpo() -> Self {
        Self { surrogate: Surrogate::clip(0.2), kl: Kl::k3(0.04), ..Self::r1() }
    }

    /// DAPO (arXiv:2503.14476): clip 0.2 below and 0.28 above, mean over tokens, no divergence.
    pub const fn dapo() -> Self {
        Self {
            surrogate: Surrogate::clip_higher(0.2, 0.28),
            reduction: Reduction::TokenMean,
            kl: Kl::OFF,
            ..Self::r1()
        }
    }

    /// Dr. GRPO (arXiv:2503.20783): sum over tokens divided by a constant, no divergence. Goes with
    /// [`AdvantageConfig::dr_grpo`](crate::AdvantageConfig::dr_grpo).
    pub const fn dr_grpo(max_tokens: usize) -> Self {
        Self {
            surrogate: Surrogate::clip(0.2),
            reduction: Reduction::Constant { max_tokens },
            kl: Kl::OFF,
            ..Self::r1()
        }
    }

    /// GSPO (arXiv:2507.18071): ratio of the completion, clip 3e-4 below and 4e-4 above, no divergence.
    pub const fn gspo() -> Self {
        Self {
            ratio: RatioLevel::Sequence,
            surrogate: Surrogate::clip_higher(3e-4, 4e-4),
            kl: Kl::OFF,
            ..Self::r1()
        }
    }

    /// CISPO (arXiv:2506.13585): mean over tokens, no divergence; the paper gives no cap, 5 is ScaleRL's
    /// (arXiv:2510.13786).
    pub const fn cispo() -> Self {
        Self {
            surrogate: Surrogate::Cispo(Cispo { ratio_cap: 5.0, ratio_floor: None }),
            reduction: Reduction::TokenMean,
            kl: Kl::OFF,
            ..Self::r1()
        }
    }

    /// With two-sided clipping: the ratio of tokens of negative advantage is limited to `ratio_cap` (INTELLECT-2: 4).
    /// Other surrogates than the clipped one are left as they are.
    pub const fn two_sided(mut self, ratio_cap: f32) -> Self {
        if let Surrogate::Clip(clip) = self.surrogate {
            self.surrogate = Surrogate::Clip(Clip { ratio_cap: Some(ratio_cap), ..clip });
        }
        self
    }
}
