//! How much memory training takes, before it starts.

use serde::Serialize;

use r1_model::{Architecture, ModelConfig, Transformer, kernels::token_logprobs::chunk_rows};

use crate::Recompute;

/// Bytes of a number: training is in `f32`.
const FLOAT: usize = 4;

/// The program itself, its threads and the tokenizer.
const PROGRAM_BYTES: usize = 100 << 20;

/// What the allocator cannot use between tensors of different sizes, measured with SmolLM2-135M from 256 to 4,096
/// tokens: a fifth of what comes and goes with every pass, and a twentieth of what stays.
const PASSING_SHARE: usize = 5;
const STAYING_SHARE: usize = 20;

/// What decides the memory of a training run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TrainingRun {
    /// Most tokens in one forward and backward pass.
    pub batch_tokens: usize,
    /// What the backward pass computes a second time.
    pub recompute: Recompute,
    /// Whether a frozen copy of the weights is kept, as the KL term needs it.
    pub reference: bool,
    /// Parameters of the adapter that is trained alone; 0 when the whole model is trained.
    pub adapter: usize,
    /// Sequences that are written at a time; 0 for training on given text.
    pub slots: usize,
    /// Longest sequence, prompt and completion, in tokens.
    pub sequence_tokens: usize,
}

/// The predicted memory of a training run on the CPU, in bytes.
///
/// Weights, gradients and moments are `4`, `4` and `8` bytes a parameter, the latter two of what is trained. A pass keeps, for each token and
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
    /// Fragmentation: what the allocator cannot use between tensors of different sizes.
    pub fragmentation: usize,
    /// The program itself.
    pub program: usize,
}

impl MemoryPlan {
    /// Predicts the memory of a run.
    pub fn new(config: &ModelConfig, run: &TrainingRun) -> Self {
        let slots = Transformer::slots(config);
        let parameters: usize = slots.iter().map(|slot| slot.count()).sum();
        let head_norm = slots.iter().any(|slot| slot.path.ends_with("query_norm.weight"));
        let heads = config.heads;
        let kept = 2 * config.d_model
            + heads.query_width()
            + heads.fused_width()
            + heads.heads
            + 2 * config.d_ff
            + if head_norm { heads.fused_width() } else { 0 };
        let floats = match run.recompute {
            Recompute::Nothing => config.layers * kept + config.d_model,
            Recompute::Blocks => config.layers * config.d_model + kept,
        };
        let logits = config.vocab * chunk_rows(run.batch_tokens, config.vocab);
        let cache = 2 * config.layers * heads.kv_width() * run.sequence_tokens + 2 * config.vocab;
        let trained = FLOAT * if run.adapter == 0 { parameters } else { run.adapter };
        let frozen = if run.adapter == 0 { 0 } else { FLOAT * parameters };
        let activations = FLOAT * floats * run.batch_tokens;
        let head_gradient = if run.adapter == 0 { config.vocab * config.d_model } else { 0 };
        Self {
            weights: frozen + trained,
            reference: if run.reference { trained } else { 0 },
            gradients: trained,
            moments: 2 * trained,
            activations,
            head: FLOAT * (logits + head_gradient),
            cache: FLOAT * cache * run.slots,
            fragmentation: activations / PASSING_SHARE + (frozen + 4 * trained) / STAYING_SHARE,
            program: PROGRAM_BYTES,
        }
    }

    /// The peak: writing and training follow one another, and the larger of them counts.
    pub fn peak(&self) -> usize {
        let Self { weights, reference, gradients, moments, activations, head, cache, fragmentation, program } =
            *self;
        weights + reference + moments + fragmentation + program + cache.max(gradients + activations + head)
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

/// Floating-point operations of one forward and backward pass over `tokens` tokens that see `pairs` tokens together,
/// themselves included (`tokens (length + 1) / 2` for sequences of one length), with nothing computed twice but what
/// the kernels do: attention's scores, and the logits of all chunks of rows but the last.
///
/// ```text
/// 6 · weights · tokens + 14 · layers · query_width · pairs + 2 · vocab · d_model · (tokens − last chunk)
/// ```
///
/// A product takes two operations a weight and token, and its backward pass twice that; attention four a pair and
/// channel, and ten backward. Norms, rotations, activations and the softmax are not counted.
///
/// # Source
/// Kaplan et al., "Scaling Laws for Neural Language Models" (arXiv:2001.08361v1), section 2.1, for the six a weight.
pub fn training_flop(config: &ModelConfig, tokens: usize, pairs: usize) -> f64 {
    let matrices: usize = Transformer::slots(config)
        .iter()
        .filter(|slot| slot.shape.len() == 2)
        .map(|slot| slot.shape.iter().product::<usize>())
        .sum();
    let head = config.vocab * config.d_model;
    // The embedding is looked up, and is counted as the head where it serves as one.
    let weights = if config.tied { matrices } else { matrices - head };
    let chunk = chunk_rows(tokens, config.vocab);
    let again = tokens.div_ceil(chunk).saturating_sub(1) * chunk;
    6.0 * (weights * tokens) as f64
        + 14.0 * (config.layers * config.heads.query_width()) as f64 * pairs as f64
        + 2.0 * (head * again) as f64
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn config() -> ModelConfig {
        let path =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../r1-model/tests/golden/llama-tied/config.json");
        ModelConfig::read(&path).unwrap()
    }

    const RUN: TrainingRun = TrainingRun {
        batch_tokens: 100,
        recompute: Recompute::Nothing,
        reference: false,
        adapter: 0,
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
        // Of an adapter only its own parameters have gradients and moments, and a reference of its own.
        let adapted = MemoryPlan::new(&config(), &TrainingRun { adapter: 100, reference: true, ..RUN });
        assert_eq!((adapted.weights, adapted.reference), (4 * 21_764, 400));
        assert_eq!((adapted.gradients, adapted.moments), (400, 800));
        // Keys and values of two layers, 16 wide, 50 tokens, and two rows of logits, in 4 slots.
        assert_eq!(plan.cache, 4 * 4 * (2 * 2 * 16 * 50 + 2 * 96));
    }

    #[test]
    fn operations_are_those_counted_by_hand() {
        // Matrices: 96 · 32 + 2 (64 · 32 + 32 · 32 + 128 · 32 + 32 · 64) = 21,504; the logits of 100 rows are one chunk.
        let expected = 6.0 * 21_504.0 * 100.0 + 14.0 * 2.0 * 32.0 * 1275.0;
        assert_eq!(training_flop(&config(), 100, 1275), expected);
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
