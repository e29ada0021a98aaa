//! A reward model that fits into a test, and rows for it.

#![allow(dead_code)]

use std::path::Path;

use burn::tensor::Device;
use r1_core::{Content, Cursor};
use r1_data::{
    dataset::{LabelledRow, PreferenceRow, RewardRow},
    tokenizer::Tokenizer,
};
use r1_model::{LanguageModel, ModelConfig, Transformer};
use r1_reward_model::{RewardModel, RewardModelConfig};

const ALPHABET: &str = "abcdefghijkl?=:\n";
const ADDED: [&str; 5] = ["<|end|>", "<|stop|>", "<think>", "</think>", "<|pad|>"];

pub(crate) type Model = LanguageModel<RewardModel>;

/// The config of a tiny model, with a tokenizer in `folder`; `<|end|>` ends a turn.
pub(crate) fn config_in(folder: &Path) -> ModelConfig {
    Tokenizer::characters(ALPHABET, &ADDED, folder).unwrap();
    let raw = serde_json::json!({
        "model_type": "llama", "architectures": ["LlamaForCausalLM"], "vocab_size": 24, "hidden_size": 32,
        "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2,
        "max_position_embeddings": 24, "rms_norm_eps": 1e-5, "rope_theta": 10000.0,
        "tie_word_embeddings": false, "hidden_act": "silu", "eos_token_id": 1, "pad_token_id": 5,
    });
    ModelConfig::parse(raw.as_object().unwrap().clone(), &folder.join("config.json")).unwrap()
}

/// A model without a chat template.
pub(crate) fn model(seed: u64) -> Model {
    folder_model(seed, |_| {})
}

/// The same after a change of its folder.
pub(crate) fn folder_model(seed: u64, change: impl FnOnce(&Path)) -> Model {
    let folder = tempfile::tempdir().unwrap();
    let config = config_in(folder.path());
    change(folder.path());
    RewardModel::<Transformer>::random(config, folder.path(), seed, &Device::flex()).unwrap()
}

pub(crate) fn pair(id: &str, prompt: &str, chosen: &str, rejected: &str) -> RewardRow {
    RewardRow::Pair(PreferenceRow {
        id: id.into(),
        prompt: Content::Text(prompt.into()),
        chosen: chosen.into(),
        rejected: rejected.into(),
        margin: None,
    })
}

pub(crate) fn labelled(id: &str, prompt: &str, response: &str, label: f64) -> RewardRow {
    RewardRow::Labelled(LabelledRow {
        id: id.into(),
        prompt: Content::Text(prompt.into()),
        response: response.into(),
        label,
    })
}

/// Nine letters, of which the next one is preferred to the one before, and two labelled responses.
pub(crate) fn rows() -> Vec<RewardRow> {
    let letters: Vec<String> = "abcdefghijk".chars().map(String::from).collect();
    letters
        .windows(3)
        .map(|w| pair(&w[1], &format!("{}=", w[1]), &w[2], &w[0]))
        .chain([labelled("good", "a:", "b", 1.0), labelled("bad", "a:", "k", 0.0)])
        .collect()
}

pub(crate) fn source() -> Cursor<RewardRow> {
    Cursor::new(rows(), 3).unwrap()
}

/// Small batches, and a learning rate for tiny models.
pub(crate) fn config() -> RewardModelConfig {
    RewardModelConfig::helpful(11)
        .with_batch_size(4)
        .with_epochs(40)
        .with_learning_rate(1e-2)
        .with_warmup(3)
        .with_final_share(0.1)
}
