//! Reward models are read and written as transformers has them.

mod tiny;

use std::{fs, path::Path};

use burn::tensor::Device;
use r1_core::{Completion, FinishReason, Problem, Reference, Reward, template::PromptTemplate};
use r1_model::{LanguageModel, ModelError, checkpoint::WeightType};
use r1_reward_model::{RewardModel, RewardModelReward};
use safetensors::SafeTensors;
use serde_json::{Value, json};

fn score(model: tiny::Model) -> f32 {
    let reward = RewardModelReward::new(model).with_template(PromptTemplate::Plain);
    let problem = Problem::new("p", "a=", Reference::text("b"));
    reward.score(&problem, &Completion::from_text("bc", FinishReason::Stop)).unwrap().value().unwrap()
}

fn names(file: &Path) -> Vec<String> {
    let bytes = fs::read(file).unwrap();
    let mut names: Vec<String> =
        SafeTensors::deserialize(&bytes).unwrap().names().into_iter().map(String::from).collect();
    names.sort();
    names
}

fn config(dir: &Path) -> Value {
    serde_json::from_slice(&fs::read(dir.join("config.json")).unwrap()).unwrap()
}

#[test]
fn what_is_written_has_the_names_of_transformers_and_is_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let (dir, model) = (folder.path().join("saved"), tiny::model(3));
    model.save(&dir, WeightType::F32).unwrap();
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/llama");
    assert_eq!(names(&dir.join("model.safetensors")), names(&golden.join("model.safetensors")));
    let (written, expected) = (config(&dir), config(&golden));
    for name in ["architectures", "id2label", "label2id"] {
        assert_eq!(written[name], expected[name], "{name}");
    }
    assert_eq!(written["pad_token_id"], 5);
    let again = RewardModel::open(&dir, 99, &Device::flex()).unwrap();
    assert_eq!(score(again).to_bits(), score(model).to_bits());
}

#[test]
fn a_causal_model_gets_a_fresh_head_and_keeps_its_weights() {
    let folder = tempfile::tempdir().unwrap();
    let (base, dir) = (folder.path().join("base"), folder.path().join("saved"));
    let tokenizer = tempfile::tempdir().unwrap();
    let base_config = tiny::config_in(tokenizer.path());
    LanguageModel::random(base_config, tokenizer.path(), 7, &Device::flex())
        .unwrap()
        .save(&base, WeightType::F32)
        .unwrap();
    let open = |seed| RewardModel::open(&base, seed, &Device::flex()).unwrap();
    assert_eq!(score(open(1)).to_bits(), score(open(1)).to_bits());
    assert_ne!(score(open(1)), score(open(2)));
    let scores: Vec<f32> = (0..20).map(|seed| score(open(seed))).collect();
    assert!(scores.iter().all(|score| score.abs() < 1.0), "{scores:?}");
    open(1).save(&dir, WeightType::F32).unwrap();
    let tensor = |dir: &Path, name: &str| {
        let bytes = fs::read(dir.join("model.safetensors")).unwrap();
        SafeTensors::deserialize(&bytes).unwrap().tensor(name).unwrap().data().to_vec()
    };
    for name in ["model.embed_tokens.weight", "model.layers.1.mlp.down_proj.weight", "model.norm.weight"] {
        assert!(tensor(&dir, name) == tensor(&base, name), "{name}");
    }
    let mut expected = names(&base.join("model.safetensors"));
    expected.retain(|name| name != "lm_head.weight");
    expected.push("score.weight".into());
    assert_eq!(names(&dir.join("model.safetensors")), expected);
    assert_eq!(config(&dir)["architectures"], json!(["LlamaForSequenceClassification"]));
}

/// Without a padding token of its own, a model's is the one of its tokenizer, else the one that ends turns.
#[test]
fn the_padding_token_is_found() {
    let pad = |tokenizer_config: Value| {
        let folder = tempfile::tempdir().unwrap();
        let mut config = tiny::config_in(folder.path());
        config.raw.remove("pad_token_id");
        fs::write(folder.path().join("tokenizer_config.json"), tokenizer_config.to_string()).unwrap();
        let model =
            RewardModel::<r1_model::Transformer>::random(config, folder.path(), 1, &Device::flex()).unwrap();
        model.config.raw["pad_token_id"].clone()
    };
    assert_eq!(pad(json!({"pad_token": "<|pad|>"})), 5);
    assert_eq!(pad(json!({"pad_token": {"content": "<|stop|>"}})), 2);
    assert_eq!(pad(json!({})), 1);
}

#[test]
fn heads_and_folders_of_other_kinds_are_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("saved");
    tiny::model(3).save(&dir, WeightType::F32).unwrap();
    let error = LanguageModel::load(&dir, &Device::flex()).unwrap_err();
    assert!(
        matches!(&error, ModelError::MissingTensors { names } if names == &["lm_head.weight"]),
        "{error}"
    );
    // A classifier of two labels.
    let bytes = fs::read(dir.join("model.safetensors")).unwrap();
    let tensors = SafeTensors::deserialize(&bytes).unwrap();
    let doubled = [0u8; 2 * 32 * 4];
    let views = tensors.tensors().into_iter().map(|(name, view)| match name.as_str() {
        "score.weight" => {
            let view = safetensors::tensor::TensorView::new(view.dtype(), vec![2, 32], &doubled).unwrap();
            (name, view)
        }
        _ => (name, view),
    });
    let written = safetensors::serialize(views, None).unwrap();
    fs::write(dir.join("model.safetensors"), written).unwrap();
    let error = RewardModel::open(&dir, 0, &Device::flex()).unwrap_err().to_string();
    assert_eq!(error, "tensor `score.weight` has shape [2, 32]; the config asks for [1, 32]");
}
