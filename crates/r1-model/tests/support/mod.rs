//! A tiny model for tests: the golden Llama checkpoint.
#![allow(dead_code, unreachable_pub)]

use std::path::PathBuf;

use burn::tensor::Device;
use r1_model::{ModelConfig, Transformer, checkpoint::read_weights};

pub fn folder(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

pub fn load(name: &str) -> (ModelConfig, Transformer) {
    let dir = folder(name);
    let config = ModelConfig::read(&dir.join("config.json")).unwrap();
    let weights = read_weights(&dir, &Transformer::slots(&config), config.tied).unwrap();
    let model = Transformer::from_weights(&config, weights, &Device::flex());
    (config, model)
}
