//! A generator that can be asked to stop between two calls.

use r1_core::{Completion, Generate, GenerateError, Prompt, Sampling};
use r1_run::Interrupt;

/// Hands every call on, until a stop is asked for.
pub(super) struct Interruptible<'a, G: ?Sized> {
    pub(super) inner: &'a mut G,
    pub(super) interrupt: &'a Interrupt,
}

impl<G: Generate + ?Sized> Generate for Interruptible<'_, G> {
    fn generate(
        &mut self,
        prompts: &[Prompt],
        samples: usize,
        sampling: &Sampling,
    ) -> Result<Vec<Vec<Completion>>, GenerateError> {
        if self.interrupt.requested() {
            return Err(GenerateError::Failed { source: "it was asked to stop".into() });
        }
        self.inner.generate(prompts, samples, sampling)
    }
}
