//! A tiny model for tests: the golden Llama checkpoint.
#![allow(dead_code, unreachable_pub)]

use std::path::PathBuf;

use burn::tensor::Device;
use r1_model::{
    ModelConfig, Transformer,
    checkpoint::{Packing, load_model, load_packed_model},
};

pub fn folder(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

pub fn load(name: &str) -> (ModelConfig, Transformer) {
    let dir = folder(name);
    let (model, config) = load_model::<Transformer>(&dir, &Device::flex()).unwrap();
    (config, model)
}

/// The same with a context of 256 tokens: several pages of the engine's cache.
pub fn load_long(name: &str) -> (ModelConfig, Transformer) {
    let (model, config) = load_model::<Transformer>(long(name).path(), &Device::flex()).unwrap();
    (config, model)
}

/// The same with packed weights.
pub fn load_long_packed(name: &str, packing: Packing) -> (ModelConfig, Transformer) {
    let (model, config) =
        load_packed_model::<Transformer>(long(name).path(), packing, &Device::flex()).unwrap();
    (config, model)
}

/// The folder with a context of 256 tokens.
fn long(name: &str) -> tempfile::TempDir {
    let (from, to) = (folder(name), tempfile::tempdir().unwrap());
    for entry in std::fs::read_dir(from).unwrap().flatten() {
        std::fs::copy(entry.path(), to.path().join(entry.file_name())).unwrap();
    }
    let path = to.path().join("config.json");
    let mut config: serde_json::Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    config["max_position_embeddings"] = 256.into();
    std::fs::write(&path, config.to_string()).unwrap();
    to
}
