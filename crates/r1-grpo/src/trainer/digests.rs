//! The digests of the last update, for those who ask for them.

use std::collections::BTreeMap;

use r1_model::{CausalLm, GradientStore};
use r1_train::Learner;

use crate::{
    Group, GroupDigests, GrpoTrainer, StateDigests, UpdateDigests,
    digest::{of_gradients, of_learner},
};

/// Whether digests are kept, and those of the last update.
#[derive(Debug, Default)]
pub(crate) struct Keeping {
    on: bool,
    /// Taken before the optimizer consumes the gradients.
    gradients: BTreeMap<String, String>,
    last: Option<UpdateDigests>,
}

impl Keeping {
    pub(crate) fn gradients(&mut self, gradients: &GradientStore) {
        if self.on {
            self.gradients = of_gradients(gradients);
        }
    }

    pub(crate) fn update<M: CausalLm>(
        &mut self,
        step: u64,
        groups: &[&Group],
        loss: f64,
        learner: &Learner<M>,
    ) {
        self.last = self.on.then(|| UpdateDigests {
            step,
            made_with: format!("r1 {}, {:?}", env!("CARGO_PKG_VERSION"), learner.model().device),
            groups: groups.iter().map(|group| GroupDigests::new(group)).collect(),
            loss: format!("{:016x}", loss.to_bits()),
            gradients: std::mem::take(&mut self.gradients),
            state: of_learner(learner),
        });
    }
}

impl<M: CausalLm> GrpoTrainer<M> {
    /// The same trainer, which keeps the [digests](Self::last_digests) of every update. The bits of training are the
    /// same; weights, gradients and moments are read from the device and hashed once an update.
    pub fn with_digests(mut self, keep: bool) -> Self {
        self.digests.on = keep;
        self
    }

    /// The digests of the last update, if they are kept and there was one.
    pub fn last_digests(&self) -> Option<&UpdateDigests> {
        self.digests.last.as_ref()
    }

    /// Weights and moments as they are now, in digests.
    pub fn state_digests(&self) -> StateDigests {
        of_learner(&self.learner)
    }
}
