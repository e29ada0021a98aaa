//! Where rollouts come from.

use r1_core::{Completion, GenerateError, Sampling};
use r1_model::{CausalLm, EncodedPrompt, LanguageModel, checkpoint::Packing};

/// Completions that a trainer asks for.
#[derive(Debug, Clone, Copy)]
pub struct RolloutRequest<'a> {
    /// The prompts, encoded once.
    pub prompts: &'a [EncodedPrompt],
    /// Completions of each prompt.
    pub samples: usize,
    /// How they are drawn.
    pub sampling: &'a Sampling,
    /// How many updates the policy has had.
    pub weights_version: u64,
}

/// **A type that implements `RolloutSource` writes completions for training**: the policy itself ([`PolicyRollouts`]), a
/// server elsewhere, or a file of what was written before ([`RecordedRollouts`](crate::RecordedRollouts)).
///
/// A completion needs its token ids and, for each of them, the log-probability of the distribution it was drawn from, at
/// the temperature of the rollout over the whole vocabulary. [`Completion::weights_version`] says how old the weights
/// were that wrote it; without it they are taken to be those of the request.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no source of rollouts",
    note = "use `r1_grpo::PolicyRollouts`, or implement `r1_grpo::RolloutSource`"
)]
pub trait RolloutSource<M: CausalLm> {
    /// Writes the completions of every prompt and gives those of a prompt to `deliver` as soon as all of them are
    /// written, in any order; `policy` is the model that is trained.
    ///
    /// # Errors
    /// When a completion cannot be written. Nothing is trained then.
    fn write(
        &mut self,
        policy: &mut LanguageModel<M>,
        request: &RolloutRequest<'_>,
        deliver: &mut dyn FnMut(usize, Vec<Completion>),
    ) -> Result<(), GenerateError>;
}

impl<M: CausalLm, S: RolloutSource<M> + ?Sized> RolloutSource<M> for &mut S {
    fn write(
        &mut self,
        policy: &mut LanguageModel<M>,
        request: &RolloutRequest<'_>,
        deliver: &mut dyn FnMut(usize, Vec<Completion>),
    ) -> Result<(), GenerateError> {
        (**self).write(policy, request, deliver)
    }
}

/// The policy itself, with its own engine: what [`GrpoTrainer::step`](crate::GrpoTrainer::step) uses.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PolicyRollouts {
    /// What the weights are packed in before each rollout; `None` writes with the weights that are trained.
    pub packing: Option<Packing>,
}

impl<M: CausalLm> RolloutSource<M> for PolicyRollouts {
    fn write(
        &mut self,
        policy: &mut LanguageModel<M>,
        request: &RolloutRequest<'_>,
        deliver: &mut dyn FnMut(usize, Vec<Completion>),
    ) -> Result<(), GenerateError> {
        let RolloutRequest { prompts, samples, sampling, .. } = *request;
        match self.packing {
            Some(packing) => policy.generate_packed_into(packing, prompts, samples, sampling, deliver),
            None => policy.generate_into(prompts, samples, sampling, deliver),
        }
    }
}
