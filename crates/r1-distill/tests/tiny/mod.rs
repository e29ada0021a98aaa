//! A language model that fits into a test, and traces for it.

#![allow(dead_code)]

use std::path::Path;

use burn::tensor::Device;
use r1_core::{Content, Cursor, Trace};
use r1_data::tokenizer::Tokenizer;
use r1_distill::SftConfig;
use r1_model::{LanguageModel, ModelConfig};

const ALPHABET: &str = "abcdefghijkl?=:\n";
const ADDED: [&str; 4] = ["<|end|>", "<|stop|>", "<think>", "</think>"];

/// A model without a chat template; `<|end|>` ends a turn.
pub(crate) fn model(seed: u64) -> LanguageModel {
    folder_model(seed, |_| {})
}

/// The same with a chat template.
pub(crate) fn chat_model(template: &str) -> LanguageModel {
    folder_model(1, |folder| std::fs::write(folder.join("chat_template.jinja"), template).unwrap())
}

/// The same after a change of its folder.
pub(crate) fn folder_model(seed: u64, change: impl FnOnce(&Path)) -> LanguageModel {
    let folder = tempfile::tempdir().unwrap();
    Tokenizer::characters(ALPHABET, &ADDED, folder.path()).unwrap();
    let raw = serde_json::json!({
        "model_type": "llama", "vocab_size": 24, "hidden_size": 32, "intermediate_size": 64,
        "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2,
        "max_position_embeddings": 24, "rms_norm_eps": 1e-5, "rope_theta": 10000.0,
        "tie_word_embeddings": true, "hidden_act": "silu", "eos_token_id": 1,
    });
    change(folder.path());
    let config =
        ModelConfig::parse(raw.as_object().unwrap().clone(), &folder.path().join("config.json")).unwrap();
    LanguageModel::random(config, folder.path(), seed, &Device::flex()).unwrap()
}

/// Nine letters, each answered by the next two.
pub(crate) fn traces() -> Vec<Trace> {
    let letters: Vec<char> = "abcdefghijk".chars().collect();
    letters
        .windows(3)
        .map(|w| {
            Trace::new(w[0].to_string(), Content::Text(format!("{}=", w[0])), format!("{}{}", w[1], w[2]))
        })
        .collect()
}

pub(crate) fn source() -> Cursor<Trace> {
    Cursor::new(traces(), 3).unwrap()
}

/// Small batches, and a learning rate for tiny models.
pub(crate) fn config() -> SftConfig {
    SftConfig::r1(9).with_batch_size(4).with_epochs(60).with_learning_rate(1e-2).with_warmup(3)
}
