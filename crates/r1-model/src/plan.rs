//! How much memory training takes, before it starts.

use serde::Serialize;

use crate::{ModelConfig, Transformer, kernels::token_logprobs::chunk_rows, train::Recompute};

/// Bytes of a number: training is in `f32`.
const FLOAT: usize = 4;

/// The program itself, its threads and the tokenizer.
const PROGRAM_BYTES: usize = 100 << 20;

/// What decides the memory of a training run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TrainingRun {
    /// Most tokens in one forward and backward pass.
    pub batch_tokens: usize,
    /// What the backward pass computes a second time.
    pub recompute: Recompute,
    /// Whether a frozen copy of the weights is kept, as the KL term needs it.
    pub reference: bool,
    /// Sequences that are written at a time; 0 for training on given text.
    pub slots: usize,
    /// Longest sequence, prompt and completion, in tokens.
    pub sequence_tokens: usize,
}

/// The predicted memory of a training run on the CPU, in bytes.
///
/// Weights, gradients and moments are `4`, `4` and `8` bytes a parameter. A pass keeps, for each token and
/// block, what the backward pass of the block needs:
///
/// ```text
/// 4 (2 d_model + query_width + fused_width + heads + 2 d_ff)
/// ```
///
/// (the inputs of both norms, the rotated queries, keys and values, the attention's output and log-sum-exp, gate
/// and up).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct MemoryPlan {
    /// The weights.
    pub weights: usize,
    /// The frozen reference, if there is one.
    pub reference: usize,
    /// The sum of the gradients.
    pub gradients: usize,
    /// AdamW's two moments.
    pub moments: usize,
    /// What the blocks keep for the backward pass.
    pub activations: usize,
    /// Logits of a chunk of rows, and the output matrix's gradient before it joins the sum.
    pub head: usize,
    /// Keys and values of the sequences being written, and their logits.
    pub cache: usize,
    /// The program itself.
    pub program: usize,
}

impl MemoryPlan {
    /// Predicts the memory of a run.
    pub fn new(config: &ModelConfig, run: &TrainingRun) -> Self {
        let parameters: usize =
            Transformer::slots(config).iter().map(|slot| slot.shape.iter().product::<usize>()).sum();
        let heads = config.heads;
        let kept = 2 * config.d_model
            + heads.query_width()
            + heads.fused_width()
            + heads.heads
            + 2 * config.d_ff
            + if config.head_norm { heads.fused_width() } else { 0 };
        let floats = match run.recompute {
            Recompute::Nothing => config.layers * kept + config.d_model,
            Recompute::Blocks => config.layers * config.d_model + kept,
        };
        let logits = config.vocab * chunk_rows(run.batch_tokens, config.vocab);
        let cache = 2 * config.layers * heads.kv_width() * run.sequence_tokens + 2 * config.vocab;
        Self {
            weights: FLOAT * parameters,
            reference: if run.reference { FLOAT * parameters } else { 0 },
            gradients: FLOAT * parameters,
            moments: 2 * FLOAT * parameters,
            activations: FLOAT * floats * run.batch_tokens,
            head: FLOAT * (logits + config.vocab * config.d_model),
            cache: FLOAT * cache * run.slots,
            program: PROGRAM_BYTES,
        }
    }

    /// The peak: writing and training follow one another, and the larger of them counts.
    pub fn peak(&self) -> usize {
        let Self { weights, reference, gradients, moments, activations, head, cache, program } = *self;
        weights + reference + moments + program + cache.max(gradients + activations + head)
    }

    /// The most tokens of a pass with which the run stays within `bytes`; `None` when even the longest sequence
    /// does not fit.
    pub fn largest_batch(config: &ModelConfig, run: &TrainingRun, bytes: usize) -> Option<usize> {
        let fits =
            |batch_tokens: usize| Self::new(config, &TrainingRun { batch_tokens, ..*run }).peak() <= bytes;
        let (mut most, mut beyond) = (run.sequence_tokens.max(1), 1 << 30);
        if !fits(most) {
            return None;
        }
        while beyond - most > 1 {
            let middle = most + (beyond - most) / 2;
            if fits(middle) { most = middle } else { beyond = middle }
        }
        Some(most)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn config() -> ModelConfig {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/llama-tied/config.json");
        ModelConfig::read(&path).unwrap()
    }

    const RUN: TrainingRun = TrainingRun {
        batch_tokens: 100,
        recompute: Recompute::Nothing,
        reference: false,
        slots: 4,
        sequence_tokens: 50,
    };

    #[test]
    fn parts_are_those_counted_by_hand() {
        // Parameters: 96 · 32 + 32 + 2 (32 + 64 · 32 + 32 · 32 + 32 + 128 · 32 + 32 · 64) = 21,664.
        let plan = MemoryPlan::new(&config(), &RUN);
        assert_eq!((plan.weights, plan.gradients, plan.moments), (4 * 21_664, 4 * 21_664, 8 * 21_664));
        // A token and block: 2 · 32 + 32 + 64 + 4 + 2 · 64 = 292 floats; two blocks and the last output.
        assert_eq!(plan.activations, 4 * 100 * (2 * 292 + 32));
        let less = MemoryPlan::new(&config(), &TrainingRun { recompute: Recompute::Blocks, ..RUN });
        assert_eq!(less.activations, 4 * 100 * (2 * 32 + 292));
        // Keys and values of two layers, 16 wide, 50 tokens, and two rows of logits, in 4 slots.
        assert_eq!(plan.cache, 4 * 4 * (2 * 2 * 16 * 50 + 2 * 96));
    }

    #[test]
    fn the_largest_batch_is_the_last_that_fits() {
        let limit = MemoryPlan::new(&config(), &RUN).peak();
        let most = MemoryPlan::largest_batch(&config(), &RUN, limit).unwrap();
        assert!(most >= 100);
        let one_more = TrainingRun { batch_tokens: most + 1, ..RUN };
        assert!(MemoryPlan::new(&config(), &one_more).peak() > limit);
        assert_eq!(MemoryPlan::largest_batch(&config(), &RUN, PROGRAM_BYTES), None);
    }
}
