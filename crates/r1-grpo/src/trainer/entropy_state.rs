//! The weight of the entropy bonus between two updates.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::GrpoConfig;

/// What an adaptive weight depends on. The numbers are kept as bits, for checkpoints give them back exactly.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EntropyState {
    coef_bits: u32,
    /// Mean entropy of the last update; `None` before the first.
    mean_bits: Option<u64>,
}

impl EntropyState {
    pub(crate) fn new(config: &GrpoConfig) -> Self {
        Self { coef_bits: config.objective.entropy_coef.to_bits(), mean_bits: None }
    }

    /// The settings with the weight of this update. Before the first update nothing is known, and the bonus is off.
    pub(crate) fn applied<'a>(&self, config: &'a GrpoConfig) -> Cow<'a, GrpoConfig> {
        let Some(adaptive) = &config.adaptive_entropy else { return Cow::Borrowed(config) };
        let coef = f32::from_bits(self.coef_bits);
        let weight = self.mean_bits.map_or(0.0, |mean| adaptive.weight(coef, f64::from_bits(mean)));
        let mut config = config.clone();
        config.objective.entropy_coef = weight;
        Cow::Owned(config)
    }

    /// An update had this mean entropy.
    pub(crate) fn follow(&mut self, config: &GrpoConfig, mean: Option<f64>) {
        if let (Some(adaptive), Some(mean)) = (&config.adaptive_entropy, mean) {
            self.coef_bits = adaptive.next(f32::from_bits(self.coef_bits), mean).to_bits();
            self.mean_bits = Some(mean.to_bits());
        }
    }
}
