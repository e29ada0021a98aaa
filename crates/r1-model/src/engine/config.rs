//! The engine's sizes, and the way from requests to completions.

use burn::tensor::Device;

use super::{Generated, KvCache, Limits, Request, scheduler::Schedule};
use crate::CausalLm;

/// Sizes of the engine: slots, memory of the cache, tokens of a prefill.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EngineConfig {
    /// Most sequences that run at a time.
    pub max_slots: usize,
    /// Most memory for keys and values; fewer slots run when it is short.
    pub cache_bytes: usize,
    /// Most prompt tokens computed in one pass (one prompt is never divided).
    pub prefill_tokens: usize,
}

impl Default for EngineConfig {
    fn default() -> Self {
        Self { max_slots: 256, cache_bytes: 2 << 30, prefill_tokens: 2048 }
    }
}

impl EngineConfig {
    /// Writes the completions of all requests; `result[r][s]` is sample `s` of request `r`.
    ///
    /// # Panics
    /// When a prompt is empty or does not fit the model's context.
    pub fn generate<M: CausalLm>(
        &self,
        model: &M,
        requests: &[Request],
        limits: &Limits<'_>,
        device: &Device,
    ) -> Vec<Vec<Generated>> {
        let mut results = vec![Vec::new(); requests.len()];
        self.generate_into(model, requests, limits, device, &mut |request, completions| {
            results[request] = completions;
        });
        results
    }

    /// Writes the completions of all requests, and gives those of each request to `deliver` as soon as the last of them
    /// is written.
    ///
    /// # Panics
    /// As [`generate`](Self::generate).
    pub fn generate_into<M: CausalLm>(
        &self,
        model: &M,
        requests: &[Request],
        limits: &Limits<'_>,
        device: &Device,
        deliver: &mut dyn FnMut(usize, Vec<Generated>),
    ) {
        let spec = model.cache_spec();
        let total: usize = requests.iter().map(|request| request.samples).sum();
        for (index, request) in requests.iter().enumerate() {
            let tokens = request.prompt.len();
            assert!(
                tokens > 0 && tokens < spec.context,
                "prompt {index} has {tokens} tokens, the context {}",
                spec.context
            );
        }
        let longest = requests.iter().map(|request| request.prompt.len()).max().unwrap_or(0);
        let capacity = longest.saturating_add(limits.max_tokens).min(spec.context);
        let slot_bytes = spec.bytes(capacity);
        let slots = (self.cache_bytes / slot_bytes.max(1)).clamp(1, self.max_slots.max(1)).min(total.max(1));
        let cache = KvCache::new(&spec, slots, capacity, device);
        let mut schedule = Schedule::new(model, (requests, limits), (&spec, cache, slots), device);
        while !schedule.done() && !(limits.cancelled)() {
            schedule.admit(self.prefill_tokens);
            schedule.decode();
            schedule.deliver(deliver);
        }
        schedule.finish(deliver);
    }
}
