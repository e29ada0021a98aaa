//! Files that this crate writes, read again.

mod support;

use r1_gguf::{Export, FileType, Gguf, GgufError};
use r1_quant::BlockType;
use serde_json::{Value, json};
use support::{Checkpoint, golden};

const TYPES: [FileType; 5] = [FileType::F32, FileType::F16, FileType::BF16, FileType::Q8_0, FileType::Q4KM];

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

fn names_in(folder: &tempfile::TempDir) -> Vec<String> {
    let entries = std::fs::read_dir(folder.path()).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn a_file_of_another_writer_is_the_same_after_it_was_written_here() {
    for name in ["tiny-llama.gguf", "tiny-qwen2.gguf", "tiny-qwen2-q8_0.gguf"] {
        let original = Gguf::open(golden(name)).unwrap();
        let checkpoint = Checkpoint::of(&original);
        for file_type in TYPES {
            let folder = folder();
            let path = folder.path().join("again.gguf");
            checkpoint.write(&path, file_type).unwrap();
            let again = Gguf::open(&path).unwrap();
            let found = Checkpoint::of(&again);
            assert_eq!(found.config, checkpoint.config, "{name}");
            assert_eq!(found.tokenizer, checkpoint.tokenizer, "{name}");
            assert_eq!(found.tokenizer_config, checkpoint.tokenizer_config, "{name}");
            assert_eq!(again.generation_config().unwrap(), original.generation_config().unwrap());
            assert_eq!(found.tensors(), checkpoint.tensors());
            for (weight, (_, expected)) in &checkpoint.weights {
                // Q8_0 of a row that was Q8_0 is the same row; the others round.
                let exact = match file_type {
                    FileType::F32 => true,
                    FileType::F16 => !name.contains("q8_0"),
                    FileType::Q8_0 => name.contains("q8_0"),
                    _ => false,
                };
                let largest = expected.iter().fold(0f32, |largest, value| largest.max(value.abs()));
                let worst = found.weights[weight].1.iter().zip(expected).map(|(a, b)| (a - b).abs());
                let worst = worst.fold(0f32, f32::max);
                let allowed = if exact { 0.0 } else { largest * 0.1 };
                assert!(worst <= allowed, "{name} {file_type:?} {weight}: {worst}");
            }
            assert_eq!(names_in(&folder), ["again.gguf"]);
        }
    }
}

#[test]
fn checkpoints_of_every_architecture_come_back_bit_for_bit() {
    let llama3 = json!({"rope_scaling": {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0,
                        "high_freq_factor": 4.0, "original_max_position_embeddings": 8192}, "rope_theta": 500000.0});
    let yarn =
        json!({"rope_scaling": {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 32}});
    let experts = json!({"num_experts": 3, "num_experts_per_tok": 2, "moe_intermediate_size": 16, "norm_topk_prob": true});
    let shared = json!({"num_experts": 3, "num_experts_per_tok": 2, "moe_intermediate_size": 16, "norm_topk_prob": false,
                        "shared_expert_intermediate_size": 24});
    for (model_type, settings) in [
        ("llama", json!({})),
        ("llama", llama3),
        ("mistral", json!({"sliding_window": null})),
        ("qwen2", yarn),
        ("qwen3", json!({"use_sliding_window": false, "sliding_window": 4096})),
        ("qwen2_moe", shared),
        ("qwen3_moe", experts),
    ] {
        let checkpoint = Checkpoint::random(model_type, settings.clone());
        let folder = folder();
        let path = folder.path().join("model.gguf");
        checkpoint.write(&path, FileType::F32).unwrap_or_else(|error| panic!("{model_type}: {error}"));
        let gguf = Gguf::open(&path).unwrap();
        let found = Checkpoint::of(&gguf);
        assert!(found.weights == checkpoint.weights, "{model_type}");
        for (key, value) in checkpoint.config.as_object().unwrap() {
            // A sliding window that is not used and a vanished null say the same.
            let kept = match (key.as_str(), model_type) {
                ("model_type", "mistral") => &json!("llama"),
                ("sliding_window" | "use_sliding_window", _) => &Value::Null,
                _ => value,
            };
            assert_eq!(&found.config[key], kept, "{model_type} {key}");
        }
    }
}

#[test]
fn a_mixture_has_more_bits_where_they_pay() {
    let widths = json!({"hidden_size": 32});
    let folder = folder();
    let path = folder.path().join("model.gguf");
    Checkpoint::random("llama", widths).write(&path, FileType::Q4KM).unwrap();
    let gguf = Gguf::open(&path).unwrap();
    let block_type = |name: &str| gguf.tensor(name).unwrap().block_type();
    // Rows of 32 have no blocks of 256: the next better blocks of 32 stand in.
    assert_eq!(block_type("blk.0.attn_q.weight"), BlockType::Q5_0);
    assert_eq!(block_type("output.weight"), BlockType::Q8_0);
    assert_eq!(block_type("blk.0.attn_norm.weight"), BlockType::F32);
    assert_eq!(gguf.metadata().get::<u64>("general.file_type").unwrap(), Some(15));
}

#[test]
fn no_file_is_replaced_unless_that_is_said() {
    let checkpoint = Checkpoint::random("llama", json!({}));
    let folder = folder();
    let path = folder.path().join("mine.gguf");
    std::fs::write(&path, "mine").unwrap();
    let error = checkpoint.write(&path, FileType::F16).unwrap_err();
    assert!(matches!(error, GgufError::Exists { .. }), "{error}");
    // Made by another while the weights were loaded.
    let late = folder.path().join("late.gguf");
    let Checkpoint { config, tokenizer, tokenizer_config, .. } = &checkpoint;
    let export = Export::new(config, tokenizer, tokenizer_config, FileType::F16).unwrap();
    let load = |name: &str, values: &mut Vec<f32>| {
        std::fs::write(&late, "theirs")?;
        values.extend(&checkpoint.weights[name].1);
        Ok(())
    };
    let error = export.write(&late, checkpoint.tensors(), load).unwrap_err();
    assert!(matches!(error, GgufError::Exists { .. }), "{error}");
    assert_eq!(std::fs::read(&path).unwrap(), b"mine");
    assert_eq!(std::fs::read(&late).unwrap(), b"theirs");
    assert_eq!(names_in(&folder).len(), 2);

    export.replace().write(&late, checkpoint.tensors(), load).unwrap();
    Gguf::open(&late).unwrap();
    let error = checkpoint.write(folder.path(), FileType::F16).unwrap_err();
    assert!(matches!(error, GgufError::Exists { .. }), "{error}");
    let error = checkpoint.write(&folder.path().join("none/model.gguf"), FileType::F16).unwrap_err();
    assert!(error.to_string().contains("none/model.gguf: cannot create a file in the folder"), "{error}");
    for path in ["", "/", ".."] {
        checkpoint.write(path.as_ref(), FileType::F16).unwrap_err();
    }
}

#[test]
fn weights_that_cannot_be_written_leave_nothing_behind() {
    let good = Checkpoint::random("qwen2", json!({}));
    let refused = |change: &dyn Fn(&mut Checkpoint), part: &str| {
        let mut checkpoint = good.clone();
        change(&mut checkpoint);
        let folder = folder();
        let error = checkpoint.write(&folder.path().join("model.gguf"), FileType::F16).unwrap_err();
        assert!(error.to_string().contains(part), "{error}");
        assert!(names_in(&folder).is_empty());
    };
    let key = "model.layers.1.self_attn.k_proj.weight";
    refused(&|c| drop(c.weights.remove(key)), "`blk.1.attn_k.weight`: is missing");
    refused(&|c| drop(c.weights.remove("lm_head.weight")), "`output.weight`: is missing");
    refused(&|c| c.weights.get_mut(key).unwrap().0 = vec![16, 64], "has the shape [16, 64]");
    refused(&|c| c.weights.get_mut(key).unwrap().1[5] = f32::NAN, "weight 5 is NaN");
    refused(&|c| c.weights.get_mut(key).unwrap().1[5] = 1e6, "reach 1000000");
    refused(&|c| c.weights.get_mut(key).unwrap().1.truncate(1023), "1023 values were loaded");
    refused(&|c| drop(c.weights.insert("visual.weight".into(), (vec![1], vec![0.0]))), "has no name");
    let further = good.weights[key].clone();
    refused(
        &|c| drop(c.weights.insert(key.replace(".1.", ".2."), further.clone())),
        "layer beyond the 2 of config.json",
    );
    let no_load = Export::new(&good.config, &good.tokenizer, &good.tokenizer_config, FileType::F16).unwrap();
    let folder = folder();
    let error = no_load.write(folder.path().join("a.gguf"), good.tensors(), |_, _| Err("lost".into()));
    assert!(error.unwrap_err().to_string().ends_with("could not be loaded: lost"));
    let twice = good.tensors().into_iter().chain(good.tensors());
    let error = no_load.write(folder.path().join("a.gguf"), twice, |_, _| Ok(())).unwrap_err();
    assert!(error.to_string().ends_with("is named twice"), "{error}");
    assert!(names_in(&folder).is_empty());
}

#[test]
fn what_a_file_cannot_say_is_refused_by_name() {
    for (model_type, settings, part) in [
        ("gemma3_text", json!({}), "gemma3_text (to be written)"),
        ("llama", json!({"hidden_act": "gelu"}), "`hidden_act` is \"gelu\""),
        ("llama", json!({"partial_rotary_factor": 0.5}), "partial_rotary_factor"),
        ("llama", json!({"rms_norm_eps": null}), "rms_norm_eps"),
        ("llama", json!({"num_hidden_layers": -1}), "num_hidden_layers"),
        ("llama", json!({"num_hidden_layers": 1u64 << 40}), "num_hidden_layers"),
        ("llama", json!({"head_dim": u32::MAX}), "head_dim"),
        ("llama", json!({"vocab_size": 4}), "vocab_size"),
        ("llama", json!({"vocab_size": u64::MAX}), "vocab_size"),
        ("llama", json!({"rope_scaling": {"rope_type": "dynamic", "factor": 2.0}}), "rope_scaling"),
        (
            "llama",
            json!({"rope_scaling": {"rope_type": "llama3", "factor": 8.0}}),
            "rope_scaling.low_freq_factor",
        ),
        (
            "qwen2",
            json!({"rope_scaling": {"rope_type": "yarn", "factor": 2.0, "mscale": 0.7}}),
            "rope_scaling.mscale",
        ),
        ("qwen2", json!({"use_sliding_window": true, "sliding_window": 512}), "use_sliding_window"),
        ("qwen3", json!({"layer_types": ["full_attention", "sliding_attention"]}), "layer_types"),
        ("mistral", json!({"sliding_window": 4096}), "sliding_window"),
        (
            "qwen3_moe",
            json!({"num_experts": 3, "num_experts_per_tok": 2, "moe_intermediate_size": 16}),
            "norm_topk_prob",
        ),
    ] {
        let checkpoint = Checkpoint::random(model_type, settings);
        let folder = folder();
        let error = checkpoint.write(&folder.path().join("model.gguf"), FileType::F32).unwrap_err();
        assert!(error.to_string().contains(part), "{part}: {error}");
        assert!(names_in(&folder).is_empty());
    }
}

#[test]
fn tokenizers_that_a_file_cannot_say_are_refused() {
    let good = Checkpoint::random("llama", json!({}));
    let refused = |change: &dyn Fn(&mut Checkpoint), part: &str| {
        let mut checkpoint = good.clone();
        change(&mut checkpoint);
        let Checkpoint { config, tokenizer, tokenizer_config, .. } = &checkpoint;
        let error = Export::new(config, tokenizer, tokenizer_config, FileType::F32).unwrap_err();
        assert!(error.to_string().contains(part), "{error}");
    };
    refused(&|c| c.tokenizer["model"]["type"] = json!("Unigram"), "model \"Unigram\" is not written");
    refused(&|c| c.tokenizer["pre_tokenizer"] = json!({"type": "Whitespace"}), "has no name for");
    refused(&|c| c.tokenizer["model"]["merges"][3] = json!(7), "merge 3, 7, is no pair");
    refused(&|c| c.tokenizer["model"]["vocab"]["new"] = json!(7), "have both the id 7");
    refused(&|c| c.tokenizer["model"]["vocab"]["new"] = json!(320), "`vocab_size`, 320");
    refused(&|c| c.tokenizer["added_tokens"][0]["rstrip"] = json!(true), "has `rstrip`");
    refused(
        &|c| {
            let end = json!({"SpecialToken": {"id": "<|im_end|>", "type_id": 0}});
            let text = json!({"Sequence": {"id": "A", "type_id": 0}});
            c.tokenizer["post_processor"] = json!({"type": "TemplateProcessing", "single": [text, end, end]});
        },
        "more than one token",
    );
}

/// Paths of all values, of long lists and maps the first and last few.
fn pointers(value: &Value, path: String, found: &mut Vec<String>) {
    found.push(path.clone());
    let inside: Vec<(String, &Value)> = match value {
        Value::Array(values) => values.iter().enumerate().map(|(i, value)| (i.to_string(), value)).collect(),
        Value::Object(map) => {
            map.iter().map(|(key, value)| (key.replace('~', "~0").replace('/', "~1"), value)).collect()
        }
        _ => Vec::new(),
    };
    let len = inside.len();
    for (_, (key, value)) in inside.into_iter().enumerate().filter(|(i, _)| *i < 20 || i + 2 > len) {
        pointers(value, format!("{path}/{key}"), found);
    }
}

#[test]
fn any_value_anywhere_is_an_error_or_a_file_that_opens() {
    let strange = [
        Value::Null,
        json!(true),
        json!(-1),
        json!(0),
        json!(1.5),
        json!(u64::MAX),
        json!("x"),
        json!([]),
        json!({"type": "Sequence"}),
    ];
    let experts = json!({"num_experts": 3, "num_experts_per_tok": 2, "moe_intermediate_size": 16, "norm_topk_prob": true});
    let llama3 = json!({"rope_scaling": {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0,
                        "high_freq_factor": 4.0, "original_max_position_embeddings": 8192}});
    let mut written = 0;
    for (model_type, settings) in [("llama", llama3), ("qwen3_moe", experts)] {
        let good = Checkpoint::random(model_type, settings);
        let parts = |c: &Checkpoint| [c.config.clone(), c.tokenizer.clone(), c.tokenizer_config.clone()];
        let folder = folder();
        let path = folder.path().join("model.gguf");
        // The vocabulary does not depend on the model.
        for part in if model_type == "llama" { 0..3 } else { 0..1 } {
            let mut paths = Vec::new();
            pointers(&parts(&good)[part], String::new(), &mut paths);
            for pointer in &paths {
                for (number, value) in strange.iter().enumerate() {
                    let mut changed = parts(&good);
                    *changed[part].pointer_mut(pointer).unwrap() = value.clone();
                    let [config, tokenizer, tokenizer_config] = changed;
                    let export = Export::new(&config, &tokenizer, &tokenizer_config, FileType::Q8_0);
                    // The disk takes the time: of vocabularies every fifth is written.
                    let Ok(export) = export
                        .map_err(drop)
                        .and_then(|export| if part == 0 || number % 5 == 0 { Ok(export) } else { Err(()) })
                    else {
                        continue;
                    };
                    let load = |name: &str, values: &mut Vec<f32>| {
                        values.extend(&good.weights[name].1);
                        Ok(())
                    };
                    if export.write(&path, good.tensors(), load).is_ok() {
                        let gguf =
                            Gguf::open(&path).unwrap_or_else(|error| panic!("{pointer} {value}: {error}"));
                        let _ =
                            (gguf.config(), gguf.tokenizer_json(), gguf.weights().map(|found| found.len()));
                        std::fs::remove_file(&path).unwrap();
                        written += 1;
                    }
                    assert!(names_in(&folder).is_empty(), "{pointer} {value}");
                }
            }
        }
    }
    assert!(written > 50, "{written}");
}
