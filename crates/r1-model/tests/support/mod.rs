//! A tiny model for tests: the golden Llama checkpoint.
#![allow(dead_code, unreachable_pub)]

use std::path::PathBuf;

use burn::tensor::Device;
use r1_model::{ModelConfig, Transformer, checkpoint::load_model};

pub fn folder(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

pub fn load(name: &str) -> (ModelConfig, Transformer) {
    let dir = folder(name);
    let (model, config) = load_model::<Transformer>(&dir, &Device::flex()).unwrap();
    (config, model)
}
