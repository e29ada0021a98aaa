//! The six checkpoints that R1 was distilled into: their configs are read, and the table of tensors has their
//! published number of parameters.
//!
//! Sizes: DeepSeek-R1 (arXiv:2501.12948v2), table 6, by the configs of the checkpoints on the Hugging Face hub; the
//! counts are those that the hub shows for each `model.safetensors`.

use std::path::Path;

use r1_model::{Architecture, ModelConfig, RopeScaling, Transformer};
use serde_json::{Map, Value, json};

struct Distilled {
    name: &'static str,
    config: Value,
    tensors: usize,
    parameters: usize,
}

fn qwen(
    hidden: usize,
    layers: usize,
    heads: [usize; 2],
    intermediate: usize,
    vocab: usize,
    theta: f64,
) -> Value {
    json!({
        "architectures": ["Qwen2ForCausalLM"], "attention_dropout": 0.0, "bos_token_id": 151646,
        "eos_token_id": 151643, "hidden_act": "silu", "hidden_size": hidden, "initializer_range": 0.02,
        "intermediate_size": intermediate, "max_position_embeddings": 131072, "max_window_layers": layers,
        "model_type": "qwen2", "num_attention_heads": heads[0], "num_hidden_layers": layers,
        "num_key_value_heads": heads[1], "rms_norm_eps": 1e-6, "rope_theta": theta, "sliding_window": 4096,
        "tie_word_embeddings": false, "torch_dtype": "bfloat16", "transformers_version": "4.44.0",
        "use_cache": true, "use_mrope": false, "use_sliding_window": false, "vocab_size": vocab,
    })
}

fn llama(hidden: usize, layers: usize, heads: [usize; 2], intermediate: usize) -> Value {
    json!({
        "architectures": ["LlamaForCausalLM"], "attention_bias": false, "attention_dropout": 0.0,
        "bos_token_id": 128000, "eos_token_id": [128001, 128008, 128009], "head_dim": 128, "hidden_act": "silu",
        "hidden_size": hidden, "initializer_range": 0.02, "intermediate_size": intermediate,
        "max_position_embeddings": 131072, "mlp_bias": false, "model_type": "llama",
        "num_attention_heads": heads[0], "num_hidden_layers": layers, "num_key_value_heads": heads[1],
        "pretraining_tp": 1, "rms_norm_eps": 1e-5,
        "rope_scaling": {"factor": 8.0, "high_freq_factor": 4.0, "low_freq_factor": 1.0,
                         "original_max_position_embeddings": 8192, "rope_type": "llama3"},
        "rope_theta": 500000.0, "tie_word_embeddings": false, "torch_dtype": "bfloat16",
        "transformers_version": "4.43.0.dev0", "use_cache": true, "vocab_size": 128256,
    })
}

fn distilled() -> Vec<Distilled> {
    let of = |name, config, tensors, parameters| Distilled { name, config, tensors, parameters };
    vec![
        of("Qwen-1.5B", qwen(1536, 28, [12, 2], 8960, 151936, 1e4), 339, 1_777_088_000),
        of("Qwen-7B", qwen(3584, 28, [28, 4], 18944, 152064, 1e4), 339, 7_615_616_512),
        of("Qwen-14B", qwen(5120, 48, [40, 8], 13824, 152064, 1e6), 579, 14_770_033_664),
        of("Qwen-32B", qwen(5120, 64, [40, 8], 27648, 152064, 1e6), 771, 32_763_876_352),
        of("Llama-8B", llama(4096, 32, [32, 8], 14336), 291, 8_030_261_248),
        of("Llama-70B", llama(8192, 80, [64, 8], 28672), 723, 70_553_706_496),
    ]
}

fn parse(config: Value) -> ModelConfig {
    let raw: Map<String, Value> = config.as_object().unwrap().clone();
    ModelConfig::parse(raw, Path::new("config.json")).unwrap()
}

#[test]
fn every_distilled_checkpoint_is_understood() {
    for Distilled { name, config, tensors, parameters } in distilled() {
        let config = parse(config);
        let slots = Transformer::slots(&config);
        let count: usize = slots.iter().map(|slot| slot.shape.iter().product::<usize>()).sum();
        assert_eq!(count, parameters, "{name}");
        assert_eq!(slots.iter().map(|slot| slot.parts.len()).sum::<usize>(), tensors, "{name}");
        assert_eq!((config.heads.head_dim, config.context), (128, 131_072), "{name}");
        assert!(config.unknown_fields.is_empty(), "{:?}", config.unknown_fields);
    }
}

#[test]
fn biases_and_scaling_belong_to_their_families() {
    for Distilled { name, config, .. } in distilled() {
        let config = parse(config);
        let biases = Transformer::slots(&config).iter().filter(|slot| slot.path.ends_with(".bias")).count();
        if name.starts_with("Qwen") {
            // One fused bias a block, for queries, keys and values; none in the output or the feed-forward layer.
            assert_eq!((biases, config.rope.scaling), (config.layers, RopeScaling::None));
            assert_eq!(config.eos_ids, [151_643]);
        } else {
            assert_eq!(biases, 0);
            assert!(matches!(config.rope.scaling, RopeScaling::Llama3 { factor: 8.0, .. }));
            assert_eq!(config.eos_ids, [128_001, 128_008, 128_009]);
        }
    }
}
