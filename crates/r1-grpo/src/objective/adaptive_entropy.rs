//! An entropy bonus that acts only while the policy is too sure of itself.

use serde::{Deserialize, Serialize};

/// How the weight of the entropy bonus follows the entropy.
///
/// ```text
/// c ← clamp(c + δ, min, max)   if H ≤ target,   else clamp(c − δ, min, max)
/// loss −= c · H                only while H ≤ target
/// ```
///
/// `H` is the mean entropy of the update before, so that the loss of an update depends on nothing it computes itself.
///
/// # Examples
/// ```
/// use r1_grpo::AdaptiveEntropy;
///
/// let adaptive = AdaptiveEntropy { target: 0.2, ..AdaptiveEntropy::default() };
/// assert_eq!(adaptive.next(0.01, 0.1), 0.015);
/// assert_eq!(adaptive.next(0.01, 0.3), 0.005);
/// assert_eq!((adaptive.weight(0.01, 0.1), adaptive.weight(0.01, 0.3)), (0.01, 0.0));
/// ```
///
/// # Source
/// Skywork-OR1 (arXiv:2505.22312), as TRL's `use_adaptive_entropy`, whose defaults these are.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AdaptiveEntropy {
    /// Below this mean entropy the bonus acts, in nats.
    pub target: f32,
    /// What the weight changes by in each update.
    pub delta: f32,
    /// The least weight.
    pub min: f32,
    /// The greatest weight.
    pub max: f32,
}

impl Default for AdaptiveEntropy {
    fn default() -> Self {
        Self { target: 0.2, delta: 0.005, min: 0.0, max: 1.0 }
    }
}

impl AdaptiveEntropy {
    /// The weight after an update of this mean entropy.
    pub fn next(&self, coef: f32, entropy: f64) -> f32 {
        let change = if entropy <= f64::from(self.target) { self.delta } else { -self.delta };
        (coef + change).clamp(self.min, self.max)
    }

    /// The weight that enters the loss when the update before had this mean entropy.
    pub fn weight(&self, coef: f32, entropy: f64) -> f32 {
        if entropy <= f64::from(self.target) { coef } else { 0.0 }
    }
}
