//! Logits, loss, gradients and greedy ids against transformers, on tiny models.

use std::{collections::HashMap, path::PathBuf, sync::Arc};

use burn::module::Module;
use burn::tensor::Device;
use r1_core::{Key, Sampling, session::Request};
use r1_model::{
    Architecture, CausalLm, EngineConfig, GradientStore, ModelConfig, PackedBatch, Transformer,
    checkpoint::load_model, engine::Vocabulary, kernels::token_logprobs,
};
use safetensors::SafeTensors;

const MODELS: [&str; 17] = [
    "llama-tied",
    "llama3-scaled",
    "llama-yarn-biases",
    "qwen2",
    "qwen2-tied-sharded-bf16",
    "qwen2-window",
    "qwen3",
    "mistral",
    "smollm3",
    "phi3",
    "olmo2",
    "granite",
    "glm4",
    "gemma3",
    "qwen2-moe",
    "qwen3-moe",
    "deepseek-v3",
];

/// What the tolerances are multiplied with: see README.md on the one model whose values were computed
/// with rounded rotary frequencies.
fn slack(name: &str) -> f32 {
    if name == "qwen2-tied-sharded-bf16" { 10.0 } else { 1.0 }
}

fn device() -> Device {
    r1_model::device().unwrap()
}

fn folder(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

struct Golden {
    config: ModelConfig,
    model: Transformer,
    floats: HashMap<String, Vec<f32>>,
    input_ids: Vec<u32>,
    greedy_ids: Vec<u32>,
}

fn load(name: &str) -> Golden {
    let dir = folder(name);
    let (model, config) =
        load_model::<Transformer>(&dir, &device()).unwrap_or_else(|error| panic!("{name}: {error}"));
    let bytes = std::fs::read(dir.join("golden.safetensors")).unwrap();
    let tensors = SafeTensors::deserialize(&bytes).unwrap();
    let ids = |name: &str| -> Vec<u32> {
        let data = tensors.tensor(name).unwrap().data().to_vec();
        data.chunks_exact(8).map(|b| i64::from_le_bytes(b.try_into().unwrap()) as u32).collect()
    };
    let floats = tensors
        .iter()
        .filter(|(name, _)| !name.ends_with("_ids"))
        .map(|(name, view)| {
            let values =
                view.data().chunks_exact(4).map(|b| f32::from_le_bytes(b.try_into().unwrap())).collect();
            (name.to_owned(), values)
        })
        .collect();
    Golden { config, model, input_ids: ids("input_ids"), greedy_ids: ids("greedy_ids"), floats }
}

/// The expected gradient of a tensor; those of DeepSeek's eight experts lie in one tensor.
fn gradient(floats: &HashMap<String, Vec<f32>>, name: &str) -> Vec<f32> {
    if let Some(values) = floats.get(&format!("grad.{name}")) {
        return values.clone();
    }
    let (layer, expert) = name.split_once(".experts.").unwrap();
    let (number, kind) = expert.split_once('.').unwrap();
    let kind = kind.trim_end_matches(".weight");
    let stacked = if kind == "down_proj" { "down_proj" } else { "gate_up_proj" };
    let all = &floats[&format!("grad.{layer}.experts.{stacked}")];
    let own = &all[all.len() / 8 * number.parse::<usize>().unwrap()..][..all.len() / 8];
    let (first, second) = own.split_at(own.len() / 2);
    match kind {
        "down_proj" => own.to_vec(),
        "gate_proj" => first.to_vec(),
        _ => second.to_vec(),
    }
}

fn largest(values: &[f32]) -> f32 {
    values.iter().fold(0.0, |a, b| a.max(b.abs()))
}

fn difference(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).fold(0.0, |worst, (a, b)| worst.max((a - b).abs()))
}

#[test]
fn logits_are_within_1e_4() {
    for name in MODELS {
        let golden = load(name);
        let rows: Vec<&[u32]> = golden.input_ids.chunks(24).collect();
        let logits = golden.model.head().logits(golden.model.hidden(&PackedBatch::from_sequences(&rows)));
        let worst = difference(&logits.into_data().try_to_vec::<f32>().unwrap(), &golden.floats["logits"]);
        assert!(worst < 1e-4 * slack(name), "{name}: {worst}");
    }
}

#[test]
fn loss_and_gradients_match() {
    for name in MODELS {
        let golden = load(name);
        let rows: Vec<&[u32]> = golden.input_ids.chunks(24).collect();
        let batch = PackedBatch::from_sequences(&rows);
        // The last token of each row predicts nothing; its weight is zero.
        let targets: Arc<[u32]> = rows.iter().flat_map(|row| row[1..].iter().copied().chain([0])).collect();
        let weights: Vec<f32> = (0..48).map(|i| if i % 24 == 23 { 0.0 } else { 1.0 / 46.0 }).collect();
        let tracked = golden.model.clone().train();
        let head = tracked.head();
        let scores =
            token_logprobs(head.normalize(tracked.hidden(&batch)), head.weight.clone(), &targets, 1.0);
        let weights = burn::tensor::Tensor::<2>::from_data(
            burn::tensor::TensorData::new(weights, [48, 1]),
            &device().autodiff(),
        );
        let loss = (scores.slice([0..48, 0..1]) * weights).sum().neg();
        let value = loss.clone().inner().into_data().try_to_vec::<f32>().unwrap()[0];
        assert!((value - golden.floats["loss"][0]).abs() < 1e-5 * slack(name), "{name}: loss {value}");
        let mut gradients = GradientStore::new();
        gradients.add(&tracked, loss.backward());
        for slot in Transformer::slots(&golden.config) {
            // What a router corrects its choice with has no gradient.
            if slot.path.ends_with("router.correction") {
                continue;
            }
            let expected: Vec<f32> = slot
                .parts
                .iter()
                .flat_map(|part| {
                    let mut values = gradient(&golden.floats, &part.name);
                    part.to_parameter(&mut values, slot.width());
                    values
                })
                .collect();
            let Some(found) = gradients.get(&slot.path) else {
                // An expert that no token went to.
                assert_eq!(largest(&expected), 0.0, "{name}: no gradient for {}", slot.path);
                continue;
            };
            let found = found.to_data().try_to_vec::<f32>().unwrap();
            let worst = difference(&found, &expected) / largest(&expected);
            assert!(
                worst < 1e-4 * slack(name),
                "{name}: {} differs by {worst} of its largest entry",
                slot.path
            );
        }
    }
}

#[test]
fn greedy_ids_are_identical() {
    for name in MODELS {
        let golden = load(name);
        let vocabulary = Vocabulary { stop_ids: golden.config.eos_ids.clone(), forbidden: Vec::new() };
        let sampling = Sampling::greedy().with_max_tokens(20 - PROMPT);
        let request = Request::new(golden.input_ids[..PROMPT].to_vec(), Key::new(0)).with_sampling(sampling);
        let written =
            EngineConfig::default().generate(&golden.model, vocabulary, vec![request], &device()).unwrap();
        assert_eq!(written[0][0].ids, golden.greedy_ids[PROMPT..], "{name}");
    }
}

/// Tokens of the first row that the reference continued; its ids begin with them.
const PROMPT: usize = 8;
