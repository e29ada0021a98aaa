//! Completions of prompts.

use r1_core::{
    Completion, FinishReason, Generate, GenerateError, Key, Prompt, Sampling,
    session::{Refused, Request},
};

use super::LanguageModel;
use crate::{
    CausalLm,
    checkpoint::Packing,
    engine::{Generated, StopWhen, Vocabulary},
};

impl<M: CausalLm> Generate for LanguageModel<M> {
    fn generate(
        &mut self,
        prompts: &[Prompt],
        samples: usize,
        sampling: &Sampling,
    ) -> Result<Vec<Vec<Completion>>, GenerateError> {
        let mut requests = Vec::with_capacity(prompts.len());
        for (index, prompt) in prompts.iter().enumerate() {
            let encoded = self.encode(&prompt.content);
            let (ids, think_prefilled) =
                encoded.map_err(|error| GenerateError::Encode { index, source: error.into() })?;
            requests.push(EncodedPrompt { ids, think_prefilled, key: prompt.key });
        }
        let mut completions = vec![Vec::new(); prompts.len()];
        self.generate_into(&requests, samples, sampling, &mut |index, group| completions[index] = group)?;
        Ok(completions)
    }
}

impl<M: CausalLm> LanguageModel<M> {
    /// The longest stop text in tokens, at most: each token has at least one byte.
    fn stops_with(&self, stop: &[String], ids: &[u32]) -> bool {
        let longest = stop.iter().map(String::len).max().unwrap_or(0);
        if longest == 0 {
            return false;
        }
        let tail = &ids[ids.len().saturating_sub(longest + 4)..];
        self.tokenizer
            .decode(tail, false)
            .is_ok_and(|text| stop.iter().any(|stop| text.contains(stop.as_str())))
    }

    /// Writes `samples` completions of each prompt, and gives those of a prompt to `deliver` as soon as the last of them
    /// is written. Nothing is written when any prompt does not fit.
    ///
    /// # Errors
    /// [`GenerateError::Sampling`], [`GenerateError::EmptyPrompt`], [`GenerateError::PromptTooLong`], and when a
    /// completion cannot be decoded.
    pub fn generate_into(
        &self,
        prompts: &[EncodedPrompt],
        samples: usize,
        sampling: &Sampling,
        deliver: &mut dyn FnMut(usize, Vec<Completion>),
    ) -> Result<(), GenerateError> {
        self.write_with(self.working(), prompts, samples, sampling, deliver)
    }

    /// [`generate_into`](Self::generate_into) with the weights as they are now, packed.
    ///
    /// # Errors
    /// As there, and when the model cannot be packed.
    pub fn generate_packed_into(
        &self,
        packing: Packing,
        prompts: &[EncodedPrompt],
        samples: usize,
        sampling: &Sampling,
        deliver: &mut dyn FnMut(usize, Vec<Completion>),
    ) -> Result<(), GenerateError> {
        let packed =
            self.model.pack(packing).map_err(|error| GenerateError::Failed { source: error.into() })?;
        let cannot = || GenerateError::Failed {
            source: "this model cannot be packed; write with its own weights".into(),
        };
        self.write_with(&packed.ok_or_else(cannot)?, prompts, samples, sampling, deliver)
    }

    fn write_with(
        &self,
        model: &M,
        prompts: &[EncodedPrompt],
        samples: usize,
        sampling: &Sampling,
        deliver: &mut dyn FnMut(usize, Vec<Completion>),
    ) -> Result<(), GenerateError> {
        sampling.validate()?;
        let context = self.config.context;
        for (index, prompt) in prompts.iter().enumerate() {
            match prompt.ids.len() {
                0 => return Err(GenerateError::EmptyPrompt { index }),
                tokens if tokens >= context => {
                    return Err(GenerateError::PromptTooLong { index, tokens, context });
                }
                _ => {}
            }
        }
        let request = |prompt: &EncodedPrompt| {
            Request::new(prompt.ids.clone(), prompt.key).with_samples(samples).with_sampling(sampling.clone())
        };
        let requests = prompts.iter().map(request).collect();
        let stop_ids: Vec<u32> = self.stop_ids.iter().chain(&sampling.stop_ids).copied().collect();
        let stops = |ids: &[u32]| self.stops_with(&sampling.stop, ids);
        let stop: Option<StopWhen<'_>> = (!sampling.stop.is_empty()).then_some(&stops);
        let mut failed = None;
        let mut take = |index: usize, group: Vec<Generated>| {
            let written = group.into_iter().map(|output| self.written(output, &stop_ids, &prompts[index]));
            match written.collect() {
                Ok(group) => deliver(index, group),
                Err(error) => failed = Some(error),
            }
        };
        self.engine
            .generate_into(model, self.vocabulary(), requests, &self.device, stop, &mut take)
            .map_err(|refused| match refused {
                Refused::Sampling(error) => error,
                other => GenerateError::Failed { source: other.into() },
            })?;
        failed.map_or(Ok(()), Err)
    }

    /// What the engine has to know of the token ids.
    pub fn vocabulary(&self) -> Vocabulary {
        Vocabulary { stop_ids: self.stop_ids.clone(), forbidden: self.forbidden.clone() }
    }

    /// A completion with its text, which ends before the stop id.
    fn written(
        &self,
        output: Generated,
        stop_ids: &[u32],
        prompt: &EncodedPrompt,
    ) -> Result<Completion, GenerateError> {
        let ends = output.ids.last().is_some_and(|id| stop_ids.contains(id));
        let shown =
            &output.ids[..output.ids.len() - usize::from(ends && output.finish == FinishReason::Stop)];
        let text = self.tokenizer.decode(shown, true);
        let text = text.map_err(|error| GenerateError::Failed { source: error.into() })?;
        Ok(Completion {
            ids: output.ids,
            logprobs: output.logprobs,
            sampled_logprobs: output.sampled_logprobs,
            text,
            finish: output.finish,
            think_prefilled: prompt.think_prefilled,
            turns: Vec::new(),
            weights_version: None,
        })
    }
}

/// A prompt as token ids, with the key of its samples.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EncodedPrompt {
    /// Token ids, at least one.
    pub ids: Vec<u32>,
    /// Whether it ends inside the thoughts.
    pub think_prefilled: bool,
    /// Sample `i` is drawn with `key.for_sample(i)`.
    pub key: Key,
}
