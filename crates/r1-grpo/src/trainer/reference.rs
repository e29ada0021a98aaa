//! The frozen policy that training must not leave too far behind.

use r1_model::CausalLm;

use crate::GrpoConfig;

/// A policy of the past, with a copy of the weights of its own once the policy has moved.
#[derive(Debug)]
pub(crate) struct Reference<M> {
    pub(crate) model: M,
    /// How many updates the policy had made when it became the reference.
    pub(crate) since: u64,
}

impl<M: CausalLm> Reference<M> {
    /// The policy as it is now, if the objective has a use for it.
    pub(crate) fn new(policy: &M, config: &GrpoConfig) -> Option<Self> {
        (config.objective.kl.coef != 0.0).then(|| Self { model: policy.valid(), since: 0 })
    }

    /// Replaces the reference by the policy when its time has come.
    pub(crate) fn refresh(&mut self, policy: &M, updates: u64, config: &GrpoConfig) {
        if config.reference_refresh.is_some_and(|interval| updates - self.since >= interval) {
            *self = Self { model: policy.valid(), since: updates };
        }
    }
}
