//! A batch of requests, from the first to the last token.

use burn::tensor::Device;
use r1_core::{
    FinishReason,
    session::{Event, Refused, Request, RequestId, SequenceId},
};

use super::{Engine, EngineConfig, Vocabulary};
use crate::{CausalLm, causal_lm::CacheSpec, kernels::cached_attention::PAGE};

/// A written completion.
#[derive(Debug, Clone, PartialEq)]
pub struct Generated {
    /// Token ids without the prompt, the stop id included.
    pub ids: Vec<u32>,
    /// See [`Draw::logprob`](super::Draw::logprob).
    pub logprobs: Vec<f32>,
    /// See [`Draw::sampled_logprob`](super::Draw::sampled_logprob); `None` when nothing was cut off.
    pub sampled_logprobs: Option<Vec<f32>>,
    /// Why it ended.
    pub finish: FinishReason,
}

/// Asked with the ids of a completion after each token; true ends it.
pub type StopWhen<'a> = &'a dyn Fn(&[u32]) -> bool;

impl Generated {
    fn empty() -> Self {
        let (ids, logprobs) = (Vec::new(), Vec::new());
        Self { ids, logprobs, sampled_logprobs: None, finish: FinishReason::Cancelled }
    }
}

impl EngineConfig {
    /// Writes the completions of all requests; `result[r][s]` is sample `s` of request `r`.
    ///
    /// # Errors
    /// [`Refused`] when a request can never be answered; nothing is written then.
    pub fn generate<M: CausalLm>(
        &self,
        model: &M,
        vocabulary: Vocabulary,
        requests: Vec<Request>,
        device: &Device,
    ) -> Result<Vec<Vec<Generated>>, Refused> {
        let mut results = vec![Vec::new(); requests.len()];
        let mut deliver = |request: usize, completions| results[request] = completions;
        self.generate_into(model, vocabulary, requests, device, None, &mut deliver)?;
        Ok(results)
    }

    /// Writes the completions of all requests, and gives those of each request to `deliver` as soon as the last of them
    /// is written. `stop` is asked after each token, with the ids of a completion; true ends it.
    ///
    /// # Errors
    /// As [`generate`](Self::generate).
    pub fn generate_into<M: CausalLm>(
        &self,
        model: &M,
        vocabulary: Vocabulary,
        requests: Vec<Request>,
        device: &Device,
        stop: Option<StopWhen<'_>>,
        deliver: &mut dyn FnMut(usize, Vec<Generated>),
    ) -> Result<(), Refused> {
        let spec = model.cache_spec();
        let config = Self { max_waiting: usize::MAX, ..*self };
        let pages = self.pages_for(&spec, &requests);
        let mut engine = Engine::with_pages(&spec, vocabulary, config, pages, device);
        let mut writing: Vec<Option<Vec<Generated>>> = Vec::with_capacity(requests.len());
        let mut left = Vec::with_capacity(requests.len());
        for (index, request) in requests.into_iter().enumerate() {
            let samples = request.samples;
            let RequestId(id) = engine.add(request)?;
            assert_eq!(id, index as u64, "a new engine counts its requests from 0");
            writing.push(Some(vec![Generated::empty(); samples]));
            left.push(samples);
        }
        for index in (0..left.len()).filter(|index| left[*index] == 0) {
            deliver(index, writing[index].take().unwrap_or_default());
        }
        while engine.is_busy() {
            let mut ended: Vec<SequenceId> = Vec::new();
            for event in engine.step(model) {
                match event {
                    Event::Token { sequence, token } if !ended.contains(&sequence) => {
                        let Some(group) = &mut writing[sequence.request.0 as usize] else { continue };
                        let output = &mut group[sequence.sample];
                        output.ids.push(token.id);
                        output.logprobs.push(token.logprob);
                        if let Some(logprob) = token.sampled_logprob {
                            output.sampled_logprobs.get_or_insert_default().push(logprob);
                        }
                        if stop.is_some_and(|stop| stop(&output.ids)) {
                            ended.push(sequence);
                        }
                    }
                    Event::Finished { sequence, finish } => {
                        let index = sequence.request.0 as usize;
                        let Some(group) = &mut writing[index] else { continue };
                        // One that a stop text ended with its last token is not cut off.
                        let stopped = ended.contains(&sequence);
                        group[sequence.sample].finish = if stopped { FinishReason::Stop } else { finish };
                        left[index] -= 1;
                        if left[index] == 0 {
                            deliver(index, writing[index].take().unwrap_or_default());
                        }
                    }
                    _ => {}
                }
            }
            for sequence in ended {
                if let Some(group) = &writing[sequence.request.0 as usize] {
                    engine.end(sequence, group[sequence.sample].ids.len(), FinishReason::Stop);
                }
            }
        }
        Ok(())
    }

    /// Pages for all of these requests at a time, within the memory allowed, but enough for the longest.
    fn pages_for(&self, spec: &CacheSpec, requests: &[Request]) -> usize {
        let (mut all, mut longest) = (0usize, 1);
        for request in requests {
            let (prompt, written) = (request.prompt.len(), request.sampling.max_tokens.min(spec.context));
            let tokens = prompt.saturating_add(written).min(spec.context);
            longest = longest.max(tokens.div_ceil(PAGE));
            // A group shares its prompt but for the page in which it ends.
            let own = (written.div_ceil(PAGE) + 1).min(tokens.div_ceil(PAGE));
            all =
                all.saturating_add(request.samples.saturating_mul(own)).saturating_add(prompt.div_ceil(PAGE));
        }
        all.min(self.allowed_pages(spec)).max(longest)
    }
}
