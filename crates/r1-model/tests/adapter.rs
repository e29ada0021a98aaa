//! Adapters: the numbers of PEFT, nothing but the adapter trained, the same bits written and read.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use burn::module::Module;
use burn::tensor::{Tensor, TensorData};
use r1_core::{Content, Generate, Key, Prompt, Sampling};
use r1_model::{
    Architecture, CausalLm, GradientStore, LanguageModel, LoraConfig, ModelConfig, PackedBatch, Transformer,
    checkpoint::{AdapterSource, Slot, WeightType, load_adapted},
    kernels::token_logprobs,
    score,
};
use safetensors::SafeTensors;

const ADAPTERS: [&str; 5] = ["llama-tied", "qwen2", "phi3", "gemma3", "deepseek-v3"];

fn golden(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

fn nano() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../examples/nano")
}

struct Adapted {
    model: Transformer,
    slots: Vec<Slot>,
    floats: HashMap<String, Vec<f32>>,
    ids: Vec<u32>,
}

fn load(name: &str) -> Adapted {
    let (base, dir) = (golden(name), golden("adapters").join(name));
    let lora = LoraConfig::read(&dir).unwrap();
    let device = r1_model::device().unwrap();
    let loaded = load_adapted::<Transformer>(&base, &lora, AdapterSource::Folder(&dir), &device);
    let (model, _, slots) = loaded.unwrap_or_else(|error| panic!("{name}: {error}"));
    let bytes = std::fs::read(dir.join("golden.safetensors")).unwrap();
    let tensors = SafeTensors::deserialize(&bytes).unwrap();
    let ids = tensors.tensor("input_ids").unwrap().data().to_vec();
    let ids = ids.chunks_exact(8).map(|b| i64::from_le_bytes(b.try_into().unwrap()) as u32).collect();
    let floats = tensors.iter().filter(|(name, _)| *name != "input_ids").map(|(name, view)| {
        let numbers = view.data().chunks_exact(4).map(|b| f32::from_le_bytes(b.try_into().unwrap()));
        (name.to_owned(), numbers.collect())
    });
    Adapted { model, slots, floats: floats.collect(), ids }
}

fn largest(values: &[f32]) -> f32 {
    values.iter().fold(0.0, |a, b| a.max(b.abs()))
}

fn difference(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).fold(0.0, |worst, (a, b)| worst.max((a - b).abs()))
}

fn logits(model: &impl CausalLm, ids: &[u32]) -> Vec<f32> {
    let rows: Vec<&[u32]> = ids.chunks(24).collect();
    let logits = model.head().logits(model.hidden(&PackedBatch::from_sequences(&rows)));
    logits.into_data().try_to_vec().unwrap()
}

/// Every parameter's bits, by path.
fn bits(model: &impl Module, slots: &[Slot]) -> Vec<Vec<u32>> {
    let weights = r1_model::checkpoint::collect_weights(model, slots);
    weights.into_values().map(|values| values.iter().map(|value| value.to_bits()).collect()).collect()
}

#[test]
fn logits_are_those_of_peft() {
    for name in ADAPTERS {
        let adapted = load(name);
        let found = logits(&adapted.model, &adapted.ids);
        let worst = difference(&found, &adapted.floats["logits"]);
        assert!(worst < 1e-4, "{name}: {worst}");
        assert!(difference(&adapted.floats["logits"], &adapted.floats["merged"]) < 1e-4, "{name}");
    }
}

#[test]
fn loss_and_gradients_are_those_of_peft() {
    for name in ADAPTERS {
        let adapted = load(name);
        let rows: Vec<&[u32]> = adapted.ids.chunks(24).collect();
        let batch = PackedBatch::from_sequences(&rows);
        let targets: Arc<[u32]> = rows.iter().flat_map(|row| row[1..].iter().copied().chain([0])).collect();
        let weights: Vec<f32> = (0..48).map(|i| if i % 24 == 23 { 0.0 } else { 1.0 / 46.0 }).collect();
        let tracked = adapted.model.clone().train();
        let head = tracked.head();
        let hidden = head.normalize(tracked.hidden(&batch));
        let scores = token_logprobs(hidden, head.weight.clone(), &targets, 1.0);
        let device = r1_model::device().unwrap().autodiff();
        let weights = Tensor::<2>::from_data(TensorData::new(weights, [48, 1]), &device);
        let loss = (scores.slice([0..48, 0..1]) * weights).sum().neg();
        let value = loss.clone().inner().into_data().try_to_vec::<f32>().unwrap()[0];
        assert!((value - adapted.floats["loss"][0]).abs() < 1e-5, "{name}: loss {value}");
        let mut gradients = GradientStore::new();
        gradients.add(&tracked, loss.backward());
        for slot in &adapted.slots {
            let parts = slot.parts.iter().flat_map(|part| {
                let mut values = adapted.floats[&format!("grad.{}", part.name)].clone();
                part.to_parameter(&mut values, slot.width());
                values
            });
            let expected: Vec<f32> = parts.collect();
            let found = gradients.remove(&slot.path).unwrap_or_else(|| panic!("{name}: no {}", slot.path));
            let found = found.into_data().try_to_vec::<f32>().unwrap();
            let worst = difference(&found, &expected) / largest(&expected);
            assert!(worst < 1e-4, "{name}: {} differs by {worst} of its largest entry", slot.path);
        }
        assert_eq!(gradients.paths().count(), 0, "{name}: a frozen parameter has a gradient");
    }
}

#[test]
fn a_fresh_adapter_changes_no_bit_and_only_it_is_trained() {
    let device = r1_model::device().unwrap();
    let whole = LanguageModel::load(nano(), &device).unwrap();
    let adapted = LanguageModel::load_with_lora(nano(), &LoraConfig::default(), 3, &device).unwrap();
    let ids: Vec<u32> = (5..53).collect();
    assert_eq!(logits(&whole.model, &ids), logits(&adapted.model, &ids));
    let again = LanguageModel::load_with_lora(nano(), &LoraConfig::default(), 3, &device).unwrap();
    assert_eq!(bits(&adapted.model, adapted.trained_slots()), bits(&again.model, again.trained_slots()));
    let other = LanguageModel::load_with_lora(nano(), &LoraConfig::default(), 4, &device).unwrap();
    assert_ne!(bits(&adapted.model, adapted.trained_slots()), bits(&other.model, other.trained_slots()));
    let trained = adapted.trained_slots().iter().all(|slot| slot.path.contains(".lora."));
    assert!(trained && whole.trained_slots() == whole.slots() && adapted.slots() == whole.slots());
}

/// The nano model with an adapter that changes it, as one of the tests' own.
fn changed(seed: u64) -> LanguageModel {
    let device = r1_model::device().unwrap();
    let lora = LoraConfig { rank: 4, alpha: 8.0, ..LoraConfig::default() };
    let mut model = LanguageModel::load_with_lora(nano(), &lora, seed, &device).unwrap();
    struct Change(u64);
    impl burn::module::ModuleMapper for Change {
        fn map_float<const D: usize>(
            &mut self,
            param: burn::module::Param<Tensor<D>>,
        ) -> burn::module::Param<Tensor<D>> {
            if !r1_model::is_trained(&param) {
                return param;
            }
            self.0 += 1;
            let key = Key::new(self.0);
            param.map(|tensor| {
                let (shape, device) = (tensor.shape(), tensor.device());
                let count = shape.num_elements() as u64;
                let values: Vec<f32> = (0..count).map(|i| (key.uniform(i) - 0.5) as f32 * 0.3).collect();
                Tensor::from_data(TensorData::new(values, shape), &device)
            })
        }
    }
    model.model = model.model.map(&mut Change(seed));
    model
}

#[test]
fn what_is_written_is_read_again_and_merged_it_is_the_same_model() {
    let (device, dir) = (r1_model::device().unwrap(), tempfile::tempdir().unwrap());
    let model = changed(1);
    let (adapter, merged) = (dir.path().join("adapter"), dir.path().join("merged"));
    model.save(&adapter, WeightType::F32).unwrap();
    assert!(!adapter.join("model.safetensors").exists() && adapter.join("tokenizer.json").exists());
    let again = LanguageModel::load(&adapter, &device).unwrap();
    assert_eq!(bits(&again.model, again.trained_slots()), bits(&model.model, model.trained_slots()));
    assert_eq!(again.adapter().unwrap().config.scale(), 2.0);
    model.save_merged(&merged, WeightType::F32, 1 << 20).unwrap();
    let whole = LanguageModel::load(&merged, &device).unwrap();
    assert!(whole.adapter().is_none());
    let ids: Vec<u32> = (5..53).collect();
    let (ours, plain) = (logits(&whole.model, &ids), LanguageModel::load(nano(), &device).unwrap());
    assert!(difference(&ours, &logits(&model.model, &ids)) < 1e-4);
    assert!(difference(&ours, &logits(&plain.model, &ids)) > 0.1);
    // Another adapter of the same model comes back to these numbers.
    let reloaded = changed(9).reloaded(&adapter).unwrap();
    assert_eq!(bits(&reloaded.model, reloaded.trained_slots()), bits(&model.model, model.trained_slots()));
}

#[test]
fn the_engine_reports_what_scoring_says_of_an_adapted_model() {
    let mut model = changed(2);
    let prompts: Vec<Prompt> = (0..5).map(|i| Prompt::text(format!("{i}+{i}*2"), Key::new(i))).collect();
    let sampling = Sampling { temperature: 1.0, max_tokens: 12, ..Sampling::greedy() };
    let together = model.generate(&prompts, 2, &sampling).unwrap();
    for (prompt, group) in prompts.iter().zip(&together) {
        let alone = model.generate(std::slice::from_ref(prompt), 2, &sampling).unwrap().remove(0);
        for (one, other) in group.iter().zip(&alone) {
            assert_eq!((&one.ids, &one.logprobs), (&other.ids, &other.logprobs));
            let Content::Text(text) = &prompt.content else { unreachable!() };
            let mut ids = model.tokenizer.encode_prompt(text).unwrap();
            let first = ids.len();
            ids.extend(&one.ids);
            let scores = score(&model.model, &ids);
            assert_eq!(scores.logprobs[first - 1..], one.logprobs);
        }
    }
}

#[test]
fn what_makes_no_adapter_is_refused_with_the_way_out() {
    let device = r1_model::device().unwrap();
    let refusal =
        |lora: &LoraConfig| LanguageModel::load_with_lora(nano(), lora, 0, &device).unwrap_err().to_string();
    let targets = |names: &[&str]| LoraConfig {
        target_modules: names.iter().map(|name| name.to_string()).collect(),
        ..LoraConfig::default()
    };
    let found = refusal(&targets(&["q_proj", "c_attn"]));
    assert!(found.contains("`c_attn`") && found.contains("down_proj, gate_proj"), "{found}");
    assert!(refusal(&targets(&["lm_head"])).contains("`lm_head`"));
    assert!(refusal(&LoraConfig { rank: 0, ..LoraConfig::default() }).contains("`rank` is 0"));
    assert!(refusal(&LoraConfig { alpha: f64::NAN, ..LoraConfig::default() }).contains("`alpha` is NaN"));

    let dir = tempfile::tempdir().unwrap();
    changed(1).save(dir.path().join("a"), WeightType::F32).unwrap();
    let read = |change: &dyn Fn(&mut serde_json::Value, &Path)| {
        let to = dir.path().join("b");
        std::fs::create_dir_all(&to).unwrap();
        for file in ["adapter_config.json", "adapter_model.safetensors"] {
            std::fs::copy(dir.path().join("a").join(file), to.join(file)).unwrap();
        }
        let path = to.join("adapter_config.json");
        let mut config = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        change(&mut config, &to);
        std::fs::write(&path, config.to_string()).unwrap();
        LanguageModel::load(&to, &device).map(|_| ()).map_err(|error| error.to_string())
    };
    assert_eq!(read(&|_, _| ()), Ok(()));
    let refused = |change: &dyn Fn(&mut serde_json::Value, &Path)| read(change).unwrap_err();
    assert!(refused(&|c, _| c["use_dora"] = true.into()).contains("use_dora"));
    assert!(refused(&|c, _| c["peft_type"] = "IA3".into()).contains("IA3"));
    assert!(refused(&|c, _| c["target_modules"] = ".*_proj".into()).contains("a list of names"));
    let gone = refused(&|c, _| c["base_model_name_or_path"] = "Qwen/Qwen2.5-0.5B".into());
    assert!(gone.contains("r1 convert --base"), "{gone}");
    assert!(refused(&|c, _| c["r"] = 5.into()).contains("lora_"));
    let cut = |_: &mut serde_json::Value, to: &Path| {
        std::fs::write(to.join("adapter_model.safetensors"), b"cut").unwrap();
    };
    assert!(refused(&cut).contains("damaged"));
    let both = |_: &mut serde_json::Value, to: &Path| {
        std::fs::write(to.join("model.safetensors"), b"x").unwrap();
    };
    assert!(refused(&both).contains("folder of its own"));
}

#[test]
fn parameters_are_those_counted_by_hand() {
    let config = ModelConfig::read(&golden("llama-tied").join("config.json")).unwrap();
    // Two layers of width 32, keys and values 16 wide, 64 wide inside: q 32·32, k and v 16·32, o 32·32, three of 64·32.
    let by_hand = 2 * 3 * ((32 + 32) + 2 * (16 + 32) + (32 + 32) + 3 * (64 + 32));
    let lora = LoraConfig { rank: 3, ..LoraConfig::default() };
    assert_eq!(lora.parameters(&config).unwrap(), by_hand);
    assert_eq!(Transformer::slots(&config).iter().filter(|slot| slot.path.contains("lora")).count(), 0);
}
