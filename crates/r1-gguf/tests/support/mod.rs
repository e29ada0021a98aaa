//! Checkpoints for tests of the writer.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use r1_gguf::{Export, FileType, Gguf, GgufError};
use serde_json::{Value, json};

pub(crate) fn golden(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

/// The parts of a Hugging Face checkpoint.
#[derive(Clone)]
pub(crate) struct Checkpoint {
    pub(crate) config: Value,
    pub(crate) tokenizer: Value,
    pub(crate) tokenizer_config: Value,
    pub(crate) weights: BTreeMap<String, (Vec<usize>, Vec<f32>)>,
}

impl Checkpoint {
    pub(crate) fn of(gguf: &Gguf) -> Checkpoint {
        let weights = gguf.weights().unwrap().into_iter().map(|weight| {
            let mut values = Vec::new();
            weight.to_f32(&mut values);
            (weight.name().to_owned(), (weight.shape().to_vec(), values))
        });
        Checkpoint {
            config: gguf.config().unwrap(),
            tokenizer: gguf.tokenizer_json().unwrap(),
            tokenizer_config: gguf.tokenizer_config().unwrap(),
            weights: weights.collect(),
        }
    }

    /// A model of two layers of this type, with the vocabulary of the golden ones and settings over the usual ones.
    pub(crate) fn random(model_type: &str, settings: Value) -> Checkpoint {
        let Checkpoint { tokenizer, tokenizer_config, .. } =
            Checkpoint::of(&Gguf::open(golden("tiny-qwen2.gguf")).unwrap());
        let mut config = json!({
            "model_type": model_type, "vocab_size": 320, "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2,
            "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 16, "max_position_embeddings": 128,
            "rms_norm_eps": 1e-5, "rope_theta": 10000.0, "tie_word_embeddings": false, "eos_token_id": 295,
        });
        config.as_object_mut().unwrap().extend(settings.as_object().unwrap().clone());
        let experts = config["num_experts"].as_u64();
        let mut shapes = vec![
            ("model.embed_tokens.weight".to_string(), vec![320, 32]),
            ("lm_head.weight".into(), vec![320, 32]),
            ("model.norm.weight".into(), vec![32]),
        ];
        for layer in 0..2 {
            let mut add = |name: &str, shape: &[usize]| {
                shapes.push((format!("model.layers.{layer}.{name}"), shape.to_vec()));
            };
            add("input_layernorm.weight", &[32]);
            add("post_attention_layernorm.weight", &[32]);
            for (part, rows) in [("q", 64), ("k", 32), ("v", 32)] {
                add(&format!("self_attn.{part}_proj.weight"), &[rows, 32]);
                if model_type.starts_with("qwen2") {
                    add(&format!("self_attn.{part}_proj.bias"), &[rows]);
                }
            }
            add("self_attn.o_proj.weight", &[32, 64]);
            if model_type.starts_with("qwen3") {
                add("self_attn.q_norm.weight", &[16]);
                add("self_attn.k_norm.weight", &[16]);
            }
            let mut feed_forward = |before: &str, width: usize| {
                add(&format!("{before}.gate_proj.weight"), &[width, 32]);
                add(&format!("{before}.up_proj.weight"), &[width, 32]);
                add(&format!("{before}.down_proj.weight"), &[32, width]);
            };
            for expert in 0..experts.unwrap_or(0) {
                feed_forward(&format!("mlp.experts.{expert}"), 16);
            }
            match (model_type, experts) {
                ("qwen2_moe", _) => feed_forward("mlp.shared_expert", 24),
                (_, None) => feed_forward("mlp", 64),
                _ => {}
            }
            if let Some(experts) = experts {
                add("mlp.gate.weight", &[experts as usize, 32]);
            }
            if model_type == "qwen2_moe" {
                add("mlp.shared_expert_gate.weight", &[1, 32]);
            }
        }
        let mut state = 1u32;
        let weights = shapes.into_iter().map(|(name, shape)| {
            let values = (0..shape.iter().product()).map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (state >> 8) as f32 / (1 << 23) as f32 - 1.0
            });
            let values = values.collect();
            (name, (shape, values))
        });
        Checkpoint { config, tokenizer, tokenizer_config, weights: weights.collect() }
    }

    pub(crate) fn tensors(&self) -> Vec<(String, Vec<usize>)> {
        self.weights.iter().map(|(name, (shape, _))| (name.clone(), shape.clone())).collect()
    }

    pub(crate) fn write(&self, path: &Path, file_type: FileType) -> Result<(), GgufError> {
        let export = Export::new(&self.config, &self.tokenizer, &self.tokenizer_config, file_type)?;
        export.write(path, self.tensors(), |name, values| {
            values.extend(&self.weights[name].1);
            Ok(())
        })
    }
}
