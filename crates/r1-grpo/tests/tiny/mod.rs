//! A language model that fits into a test: fourteen characters, two blocks, random weights.

#![allow(dead_code)]

use std::path::Path;

use burn::tensor::Device;
use r1_core::{Cursor, Problem, Reference, template::PromptTemplate};
use r1_data::tokenizer::Tokenizer;
use r1_grpo::GrpoConfig;
use r1_model::{LanguageModel, LoraConfig, ModelConfig, checkpoint::WeightType};
use r1_train::Schedule;

/// Sixteen tokens: `<unk>`, the end, and these.
pub(crate) const ALPHABET: &str = "abcdefghijkl?=";

pub(crate) fn model(seed: u64) -> LanguageModel {
    let folder = tempfile::tempdir().unwrap();
    Tokenizer::characters(ALPHABET, &["<|end|>"], folder.path()).unwrap();
    let raw = serde_json::json!({
        "model_type": "llama", "vocab_size": 16, "hidden_size": 32, "intermediate_size": 64,
        "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2,
        "max_position_embeddings": 64, "rms_norm_eps": 1e-5, "rope_theta": 10000.0,
        "tie_word_embeddings": true, "hidden_act": "silu", "eos_token_id": 1,
    });
    let config =
        ModelConfig::parse(raw.as_object().unwrap().clone(), &folder.path().join("config.json")).unwrap();
    LanguageModel::random(config, folder.path(), seed, &Device::flex()).unwrap()
}

/// The model with an adapter beside it, and the folder of its base.
pub(crate) fn adapted(seed: u64, base: &Path) -> LanguageModel {
    if !base.exists() {
        model(seed).save(base, WeightType::F32).unwrap();
    }
    let lora = LoraConfig { rank: 4, alpha: 8.0, ..LoraConfig::default() };
    LanguageModel::load_with_lora(base, &lora, seed, &Device::flex()).unwrap()
}

/// Strictly on-policy, a few short completions, a learning rate for tiny models.
pub(crate) fn config() -> GrpoConfig {
    GrpoConfig::r1_zero()
        .with_template(PromptTemplate::Plain)
        .with_group_size(8)
        .with_prompts_per_step(4)
        .with_mini_batches_per_rollout(1)
        .with_max_tokens(6)
        .with_learning_rate(5e-3)
        .with_schedule(Schedule::Constant { warmup: 0 })
}

/// Problems whose questions have different lengths.
pub(crate) fn problems() -> Vec<Problem> {
    ["a?", "bc?", "d=?", "efgh?", "i?", "jkl=?"]
        .iter()
        .enumerate()
        .map(|(index, question)| Problem::new(format!("p{index}"), *question, Reference::text("a")))
        .collect()
}

pub(crate) fn source() -> Cursor {
    Cursor::new(problems(), 3).unwrap()
}
