//! The engine's sizes.

use crate::causal_lm::CacheSpec;

/// Sizes of the engine: sequences, memory of the cache, tokens of a pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EngineConfig {
    /// Most sequences that run at a time.
    pub max_slots: usize,
    /// Most memory for keys and values; fewer sequences run when it is short. A sequence that does not fit at all is
    /// refused, or ends where the cache does.
    pub cache_bytes: usize,
    /// Most prompt tokens computed in one pass, beside a token of each sequence that is being written.
    pub prefill_tokens: usize,
    /// Most sequences that wait; more are refused.
    pub max_waiting: usize,
    /// Most tokens that are drafted from the sequence's own text and verified in one pass, while few sequences run; 0 for none.
    /// What is written is the same to the bit.
    pub draft_tokens: usize,
}

impl Default for EngineConfig {
    fn default() -> Self {
        Self {
            max_slots: 256,
            cache_bytes: 2 << 30,
            prefill_tokens: 2048,
            max_waiting: usize::MAX,
            draft_tokens: 8,
        }
    }
}

impl EngineConfig {
    /// Pages that the memory allowed has room for.
    pub(super) fn allowed_pages(&self, spec: &CacheSpec) -> usize {
        (self.cache_bytes / spec.page_bytes().max(1)).clamp(1, i32::MAX as usize)
    }
}
