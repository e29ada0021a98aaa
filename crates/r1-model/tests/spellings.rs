//! A checkpoint in other spellings gives the same model, or is refused by name.

use std::{collections::BTreeMap, path::Path};

use burn::tensor::Device;
use r1_model::{
    CausalLm, ModelConfig, ModelError, PackedBatch, Transformer,
    checkpoint::{TensorFiles, load_model},
};
use safetensors::{Dtype, SafeTensors, tensor::TensorView};
use serde_json::{Map, Value, json};

mod support;

type Tensors = BTreeMap<String, (Vec<usize>, Vec<u8>)>;

/// The tied golden Llama, changed.
fn variant(change: impl FnOnce(&mut Map<String, Value>, &mut Tensors)) -> tempfile::TempDir {
    let (source, dir) = (support::folder("llama-tied"), tempfile::tempdir().unwrap());
    let config = std::fs::read(source.join("config.json")).unwrap();
    let mut config: Map<String, Value> = serde_json::from_slice(&config).unwrap();
    let bytes = std::fs::read(source.join("model.safetensors")).unwrap();
    let parsed = SafeTensors::deserialize(&bytes).unwrap();
    let mut tensors: Tensors = parsed
        .iter()
        .map(|(name, view)| (name.to_owned(), (view.shape().to_vec(), view.data().to_vec())))
        .collect();
    change(&mut config, &mut tensors);
    std::fs::write(dir.path().join("config.json"), Value::Object(config).to_string()).unwrap();
    write(&dir.path().join("model.safetensors"), &tensors);
    dir
}

fn write(path: &Path, tensors: &Tensors) {
    let views = tensors
        .iter()
        .map(|(name, (shape, data))| (name, TensorView::new(Dtype::F32, shape.clone(), data).unwrap()));
    safetensors::serialize_to_file(views, None, path).unwrap();
}

fn load(dir: &Path) -> Result<(Transformer, ModelConfig), ModelError> {
    load_model(dir, &Device::flex())
}

fn logits(model: &Transformer) -> Vec<u32> {
    let hidden = model.hidden(&PackedBatch::from_sequences(&[[5, 9, 2, 41]]));
    let logits = model.head().logits(hidden).into_data().try_to_vec::<f32>().unwrap();
    logits.into_iter().map(f32::to_bits).collect()
}

fn refusal(dir: &tempfile::TempDir) -> String {
    load(dir.path()).map(|_| "it was loaded").unwrap_err().to_string()
}

const EMBEDDING: &str = "model.embed_tokens.weight";

#[test]
fn other_spellings_give_the_same_model() {
    let expected = logits(&support::load("llama-tied").1);
    let bare = variant(|_, tensors| {
        let old = std::mem::take(tensors).into_iter();
        *tensors = old.map(|(name, value)| (name.replacen("model.", "", 1), value)).collect();
    });
    let only_head = variant(|_, tensors| {
        let table = tensors.remove(EMBEDDING).unwrap();
        tensors.insert("lm_head.weight".into(), table);
    });
    let twice = variant(|_, tensors| {
        let table = tensors[EMBEDDING].clone();
        tensors.insert("lm_head.weight".into(), table);
    });
    let swish = variant(|config, _| {
        config["hidden_act"] = json!("swish");
        config["eos_token_id"] = json!(-1);
        config.insert("rope_scaling".into(), json!({"type": "dynamic", "factor": 2.0}));
    });
    for dir in [bare, only_head, twice, swish] {
        let (model, config) = load(dir.path()).unwrap();
        assert_eq!(logits(&model), expected);
        assert!(config.tied);
    }
}

#[test]
fn a_pair_that_differs_is_tied_no_more() {
    let dir = variant(|_, tensors| {
        let (shape, mut data) = tensors[EMBEDDING].clone();
        data[..4].copy_from_slice(&7.0f32.to_le_bytes());
        tensors.insert("lm_head.weight".into(), (shape, data));
    });
    let (model, config) = load(dir.path()).unwrap();
    assert!(!config.tied && config.raw["tie_word_embeddings"] == json!(false));
    let head = model.head().weight.into_data().try_to_vec::<f32>().unwrap();
    assert_eq!(head[0], 7.0);
    assert_ne!(logits(&model), logits(&support::load("llama-tied").1));
}

#[test]
fn layers_beyond_the_model_are_left_aside_and_named() {
    let further = |tensors: &mut Tensors| {
        let norm = tensors["model.norm.weight"].clone();
        tensors.insert("model.layers.2.enorm.weight".into(), norm.clone());
        tensors.insert("mtp.norm.weight".into(), norm);
    };
    let dir = variant(|config, tensors| {
        config.insert("num_nextn_predict_layers".into(), json!(1));
        further(tensors);
    });
    let (model, config) = load(dir.path()).unwrap();
    assert_eq!(logits(&model), logits(&support::load("llama-tied").1));
    assert_eq!(config.left_aside, ["model.layers.2.enorm.weight", "mtp.norm.weight"]);
    // Without the config's word for it, a layer too many is one.
    assert!(
        refusal(&variant(|_, tensors| further(tensors)))
            .contains("surplus tensor `model.layers.2.enorm.weight`")
    );
}

#[test]
fn what_is_not_whole_or_not_plain_is_refused_by_name() {
    let untied = variant(|config, _| config["tie_word_embeddings"] = json!(false));
    assert!(refusal(&untied).contains("checkpoint lacks tensor `lm_head.weight`"));
    let packed = variant(|_, tensors| {
        let value = tensors.remove("model.layers.0.mlp.up_proj.weight").unwrap();
        tensors.insert("model.layers.0.mlp.up_proj.qweight".into(), value);
    });
    assert!(refusal(&packed).contains("`model.layers.0.mlp.up_proj.qweight` belongs to quantised weights"));
    let misshapen = variant(|_, tensors| tensors.get_mut("model.norm.weight").unwrap().0 = vec![4, 8]);
    assert!(refusal(&misshapen).contains("`model.norm.weight` has shape [4, 8]; the config asks for [32]"));
    let infinite = variant(|_, tensors| {
        let data = &mut tensors.get_mut("model.norm.weight").unwrap().1;
        data[..4].copy_from_slice(&f32::INFINITY.to_le_bytes());
    });
    assert!(refusal(&infinite).contains("`model.norm.weight` holds a value that is not finite"));
    let cut = variant(|_, _| ());
    let path = cut.path().join("model.safetensors");
    let bytes = std::fs::read(&path).unwrap();
    for length in [0, 4, 100, bytes.len() - 1] {
        std::fs::write(&path, &bytes[..length]).unwrap();
        let error = refusal(&cut);
        assert!(error.contains("is damaged") || error.contains("cannot read"), "{length}: {error}");
    }
}

#[test]
fn a_tensor_in_two_shards_is_refused() {
    let dir = variant(|_, _| ());
    let single = dir.path().join("model.safetensors");
    for shard in ["a.safetensors", "b.safetensors"] {
        std::fs::copy(&single, dir.path().join(shard)).unwrap();
    }
    std::fs::remove_file(single).unwrap();
    let index = json!({"weight_map": {"x": "a.safetensors", "y": "b.safetensors"}});
    std::fs::write(dir.path().join("model.safetensors.index.json"), index.to_string()).unwrap();
    let error = TensorFiles::open(dir.path()).unwrap_err().to_string();
    assert!(error.contains("stands in"), "{error}");
}
