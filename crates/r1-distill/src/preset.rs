//! The paper's recipes.

use r1_train::{AdamWConfig, Recompute};
use serde::{Deserialize, Serialize};

use crate::SftConfig;

/// The bases that the paper distils R1 into.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Student {
    /// Qwen2.5-Math-1.5B.
    Qwen1_5b,
    /// Qwen2.5-Math-7B.
    Qwen7b,
    /// Qwen2.5-14B.
    Qwen14b,
    /// Qwen2.5-32B.
    Qwen32b,
    /// Llama-3.1-8B.
    Llama8b,
    /// Llama-3.3-70B-Instruct.
    Llama70b,
}

impl SftConfig {
    /// DeepSeek-R1's own fine-tuning, the cold start and the one on 800,000 traces alike.
    ///
    /// | setting | value | source |
    /// |---|---|---|
    /// | epochs | 2 | arXiv:2501.12948v2, section B.4.2: 2 to 3 |
    /// | traces an update | 128 | the same |
    /// | learning rate | cosine, 5e-5 to 5e-6 | the same |
    /// | tokens a trace | 32,768 | the same |
    /// | warm-up | none | inferred: not stated |
    /// | AdamW, gradient clip | 0.9, 0.999, 1e-8, no decay; 1 | inferred: not stated |
    pub fn r1(traces: u64) -> Self {
        Self {
            traces,
            epochs: 2,
            batch_size: 128,
            learning_rate: 5e-5,
            warmup: 0,
            final_share: 0.1,
            optimizer: AdamWConfig::default(),
            max_tokens: 32_768,
            tokens_per_micro_batch: 4096,
            recompute: Recompute::Nothing,
        }
    }

    /// Distillation into a small base: 64 traces an update, 2 epochs (the paper: 2 to 3), a cosine to a tenth of the
    /// base's own learning rate, 32,768 tokens. The rest is as in [`r1`](Self::r1).
    ///
    /// | base | learning rate |
    /// |---|---|
    /// | Qwen2.5-Math-1.5B | 1e-4 |
    /// | Qwen2.5-Math-7B | 8e-5 |
    /// | Qwen2.5-14B | 7e-5 |
    /// | Qwen2.5-32B | 6e-5 |
    /// | Llama-3.1-8B | 5e-5 |
    /// | Llama-3.3-70B-Instruct | 2e-5 |
    ///
    /// # Source
    /// DeepSeek-R1 (arXiv:2501.12948v2), section B.4.3 and table 6.
    pub fn distill(student: Student, traces: u64) -> Self {
        let learning_rate = match student {
            Student::Qwen1_5b => 1e-4,
            Student::Qwen7b => 8e-5,
            Student::Qwen14b => 7e-5,
            Student::Qwen32b => 6e-5,
            Student::Llama8b => 5e-5,
            Student::Llama70b => 2e-5,
        };
        Self { batch_size: 64, learning_rate, ..Self::r1(traces) }
    }
}
