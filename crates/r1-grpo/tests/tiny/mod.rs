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
    of_family(seed, serde_json::json!({"model_type": "llama"}))
}

/// One whose second block is a mixture of experts behind latent attention.
pub(crate) fn mixture(seed: u64) -> LanguageModel {
    of_family(
        seed,
        serde_json::json!({
            "model_type": "deepseek_v3", "n_routed_experts": 4, "num_experts_per_tok": 2, "n_shared_experts": 1,
            "moe_intermediate_size": 16, "n_group": 2, "topk_group": 1, "norm_topk_prob": true,
            "routed_scaling_factor": 2.5, "first_k_dense_replace": 1, "num_key_value_heads": 4, "kv_lora_rank": 16,
            "q_lora_rank": null, "qk_nope_head_dim": 8, "qk_rope_head_dim": 8, "v_head_dim": 8,
        }),
    )
}

fn of_family(seed: u64, family: serde_json::Value) -> LanguageModel {
    let folder = tempfile::tempdir().unwrap();
    Tokenizer::characters(ALPHABET, &["<|end|>"], folder.path()).unwrap();
    let mut raw = serde_json::json!({
        "vocab_size": 16, "hidden_size": 32, "intermediate_size": 64,
        "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2,
        "max_position_embeddings": 64, "rms_norm_eps": 1e-5, "rope_theta": 10000.0,
        "tie_word_embeddings": true, "hidden_act": "silu", "eos_token_id": 1,
    });
    let raw = raw.as_object_mut().unwrap();
    raw.extend(family.as_object().unwrap().clone());
    let config = ModelConfig::parse(raw.clone(), &folder.path().join("config.json")).unwrap();
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
