//! The families of which checkpoints are loaded.

use std::{fmt::Debug, sync::Arc};

use super::{deepseek, gemma3, glm4, granite, llama, mistral, olmo2, phi3, qwen_moe, smollm3};
use crate::{
    ModelConfig, ModelError, Parameters,
    config::Fields,
    nn::{Block, RmsNorm},
};

/// One family's reading of a config, and the blocks that come of it.
pub(crate) trait Family: Debug + Send + Sync {
    /// Block `index`; `parameters` stands at it.
    fn block(&self, config: &ModelConfig, index: usize, parameters: &mut Parameters<'_>) -> Block;

    /// The norm after the last block.
    fn norm(&self, config: &ModelConfig, parameters: Parameters<'_>) -> RmsNorm {
        RmsNorm::build(parameters, config.d_model, config.norm_epsilon)
    }

    /// What embeddings are multiplied with.
    fn embedding_scale(&self, _config: &ModelConfig) -> f64 {
        1.0
    }

    /// What logits are divided by.
    fn logits_divisor(&self) -> f64 {
        1.0
    }
}

/// Reads what only one family has. The config holds what all have in common, and may be corrected.
pub(crate) type Reader = fn(&mut Fields<'_>, &mut ModelConfig) -> Result<Arc<dyn Family>, ModelError>;

/// What a config of the family means where it says nothing, as in transformers' config class.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Defaults {
    pub(crate) theta: f64,
    /// The share of a head that is rotated.
    pub(crate) share: f64,
    pub(crate) tied: bool,
    pub(crate) head_dim: Option<usize>,
    /// Key heads; `None` for as many as there are query heads.
    pub(crate) kv_heads: Option<usize>,
    /// The context of pretraining; `None` for the config's.
    pub(crate) original_context: Option<usize>,
}

impl Defaults {
    pub(crate) const COMMON: Self =
        Self { theta: 1e4, share: 1.0, tied: false, head_dim: None, kv_heads: None, original_context: None };
}

const COMMON: Defaults = Defaults::COMMON;

/// Model types, what their configs leave out, and their readers.
const FAMILIES: &[(&str, Defaults, Reader)] = &[
    ("llama", COMMON, llama::llama),
    ("qwen2", Defaults { kv_heads: Some(32), ..COMMON }, llama::qwen2),
    ("qwen3", Defaults { head_dim: Some(128), kv_heads: Some(32), ..COMMON }, llama::qwen3),
    ("mistral", Defaults { kv_heads: Some(8), ..COMMON }, mistral::read),
    ("smollm3", Defaults { theta: 2e6, tied: true, kv_heads: Some(4), ..COMMON }, smollm3::read),
    ("phi3", Defaults { original_context: Some(4096), ..COMMON }, phi3::read),
    ("olmo2", COMMON, olmo2::read),
    ("granite", COMMON, granite::read),
    ("glm4", Defaults { share: 0.5, head_dim: Some(128), kv_heads: Some(2), ..COMMON }, glm4::read),
    (
        "gemma3_text",
        Defaults { theta: 1e6, tied: true, head_dim: Some(256), kv_heads: Some(4), ..COMMON },
        gemma3::read,
    ),
    ("qwen2_moe", Defaults { kv_heads: Some(16), ..COMMON }, qwen_moe::qwen2),
    ("qwen3_moe", Defaults { kv_heads: Some(4), ..COMMON }, qwen_moe::qwen3),
    ("deepseek_v3", COMMON, deepseek::v3),
];

/// The defaults and the reader of a model type.
pub(crate) fn read(model_type: &str) -> Option<(Defaults, Reader)> {
    FAMILIES.iter().find(|(name, ..)| *name == model_type).map(|(_, defaults, reader)| (*defaults, *reader))
}

/// The model types that are loaded, for messages.
pub(crate) fn known() -> String {
    FAMILIES.iter().map(|(name, ..)| *name).collect::<Vec<_>>().join(", ")
}
