//! Models and vocabularies that `golden/make_models.py` made, seen as Hugging Face checkpoints.

use std::collections::BTreeMap;
use std::path::PathBuf;

use r1_gguf::{Gguf, GgufError, Weight};
use serde_json::{Value, json};
use tokenizers::Tokenizer;

fn golden(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

fn open(name: &str) -> Gguf {
    Gguf::open(golden(&format!("{name}.gguf"))).unwrap()
}

fn json_of(name: &str) -> Value {
    serde_json::from_str(&std::fs::read_to_string(golden(name)).unwrap()).unwrap()
}

#[test]
fn weights_have_the_names_shapes_and_order_of_the_checkpoint() {
    for (model, expected) in json_of("models.json").as_object().unwrap() {
        let gguf = open(model);
        let weights = gguf.weights().unwrap();
        let found: BTreeMap<&str, &Weight> = weights.iter().map(|weight| (weight.name(), weight)).collect();
        let expected = expected.as_object().unwrap();
        assert_eq!(
            found.keys().collect::<Vec<_>>(),
            expected.keys().collect::<std::collections::BTreeSet<_>>().into_iter().collect::<Vec<_>>()
        );
        for (name, row) in expected {
            let weight = found[name.as_str()];
            assert_eq!(json!(weight.shape()), row["shape"], "{name}");
            let numbers: Vec<f32> = serde_json::from_value(row["values"].clone()).unwrap();
            let mut values = Vec::new();
            weight.to_f32(&mut values);
            assert_eq!(values, numbers, "{model} {name}");
            let rows = weight.rows() / 3..weight.rows() - weight.rows() / 4;
            weight.rows_to_f32(rows.clone(), &mut values);
            assert_eq!(values, numbers[rows.start * weight.columns()..rows.end * weight.columns()], "{name}");
            if let Some(blocks) = weight.blocks() {
                let bytes: Vec<u8> = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
                assert_eq!(*blocks, bytes, "{name}");
                // What can be shared is what lies in the file in this order.
                let shared = weight.bytes_shared();
                assert_eq!(shared.is_some(), matches!(blocks, std::borrow::Cow::Borrowed(_)), "{name}");
                if let Some((file, place)) = shared {
                    assert_eq!((*file).as_ref()[place], bytes, "{name}");
                }
            } else {
                assert!(weight.bytes_shared().is_none(), "{name}");
            }
        }
    }
}

#[test]
fn shared_bytes_outlive_the_file() {
    let (file, place) = open("qwen3moe").tensor("blk.0.ffn_up_exps.weight").unwrap().bytes_shared();
    let stored = std::fs::read(golden("qwen3moe.gguf")).unwrap();
    assert_eq!(place.len(), 3 * 5 * 16 * 4);
    assert_eq!((*file).as_ref()[place.clone()], stored[place]);
}

#[test]
fn a_config_names_what_the_file_holds() {
    let config = open("llama").config().unwrap();
    let expected = json!({
        "architectures": ["LlamaForCausalLM"], "model_type": "llama", "vocab_size": 6, "hidden_size": 16,
        "intermediate_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2, "num_key_value_heads": 1,
        "head_dim": 8, "attention_bias": true, "max_position_embeddings": 131072, "rms_norm_eps": 1e-5,
        "rope_theta": 500000.0, "hidden_act": "silu", "tie_word_embeddings": true,
        "rope_scaling": {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
                         "original_max_position_embeddings": 8192},
        "bos_token_id": 1, "eos_token_id": [2, 4],
    });
    assert_eq!(config, expected);

    let config = open("qwen3moe").config().unwrap();
    assert_eq!(config["model_type"], "qwen3_moe");
    assert_eq!(config["tie_word_embeddings"], false);
    assert_eq!((&config["head_dim"], &config["num_experts"]), (&json!(4), &json!(3)));
    assert_eq!((&config["moe_intermediate_size"], &config["norm_topk_prob"]), (&json!(5), &json!(true)));
    let yarn = json!({"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 64});
    assert_eq!(config["rope_scaling"], yarn);

    let config = open("deepseek2").config().unwrap();
    for (name, value) in [
        ("model_type", json!("deepseek_v3")),
        ("qk_nope_head_dim", json!(3)),
        ("qk_rope_head_dim", json!(2)),
        ("v_head_dim", json!(4)),
        ("kv_lora_rank", json!(5)),
        ("q_lora_rank", json!(6)),
        ("routed_scaling_factor", json!(2.5)),
        ("n_group", json!(2)),
        ("topk_group", json!(1)),
        ("first_k_dense_replace", json!(1)),
        ("scoring_func", json!("sigmoid")),
    ] {
        assert_eq!(config[name], value, "{name}");
    }
    assert_eq!(config["rope_scaling"]["mscale_all_dim"], 1.0);
}

#[test]
fn unknown_architectures_are_refused_by_name() {
    let error = Gguf::open(golden("every.gguf")).unwrap().config().unwrap_err();
    assert!(matches!(&error, GgufError::Architecture { architecture } if architecture == "test"));
    assert!(error.to_string().contains("llama, qwen2"), "{error}");
}

#[test]
fn texts_have_the_ids_of_llama_cpp_and_sentencepiece() {
    let golden = json_of("texts.json");
    let texts: Vec<String> = serde_json::from_value(golden["texts"].clone()).unwrap();
    for (name, ids) in golden["ids"].as_object().unwrap() {
        let file = if name == "spm" { name.clone() } else { format!("pre-{name}") };
        let json = open(&file).tokenizer_json().unwrap().to_string();
        let tokenizer: Tokenizer = json.parse().unwrap();
        let ids: Vec<Vec<u32>> = serde_json::from_value(ids.clone()).unwrap();
        for (text, expected) in texts.iter().zip(ids) {
            let encoding = tokenizer.encode(text.as_str(), true).unwrap();
            assert_eq!(encoding.get_ids(), expected, "{name} {text:?} {:?}", encoding.get_tokens());
            assert_eq!(tokenizer.decode(encoding.get_ids(), true).unwrap(), *text, "{name}");
        }
    }
}

#[test]
fn tiny_models_are_whole_and_give_the_ids_of_their_prompt() {
    for name in ["tiny-llama", "tiny-qwen2", "tiny-qwen2-q8_0"] {
        let (gguf, golden) = (open(name), json_of(&format!("{name}.json")));
        let config = gguf.config().unwrap();
        assert_eq!((&config["hidden_size"], &config["num_hidden_layers"]), (&json!(32), &json!(2)));
        assert_eq!(config["tie_word_embeddings"], name != "tiny-llama");
        let tokenizer: Tokenizer = gguf.tokenizer_json().unwrap().to_string().parse().unwrap();
        let encoding = tokenizer.encode(golden["prompt"].as_str().unwrap(), true).unwrap();
        assert_eq!(json!(encoding.get_ids()), golden["ids"]);
        let chat = tokenizer.encode("<|im_start|>the<|im_end|>", true).unwrap();
        assert_eq!(chat.len(), 3, "{:?}", chat.get_tokens());
        assert_eq!(golden["logits"].as_array().unwrap().len(), encoding.len());
    }
}

#[test]
fn special_tokens_and_template_are_named() {
    let config = open("pre-llama-bpe").tokenizer_config().unwrap();
    assert_eq!((&config["bos_token"], &config["eos_token"]), (&json!("<|begin|>"), &json!("<|end|>")));
    assert_eq!(
        (&config["add_bos_token"], &config["chat_template"]),
        (&json!(true), &json!("{{ messages }}"))
    );
    let error = Gguf::open(golden("every.gguf")).unwrap().tokenizer_json().unwrap_err();
    assert!(matches!(error, GgufError::MissingKey { key, .. } if key == "tokenizer.ggml.model"));
}
