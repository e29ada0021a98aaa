//! Checkpoints that do not fit together are refused in one sentence.

use std::{borrow::Cow, fs};

use safetensors::{Dtype, SafeTensors, View};
use serde_json::json;

use crate::{Checkpoint, refused};

#[test]
fn a_missing_folder_is_named() {
    refused(
        1,
        &["logprobs", "--model", "no/such"],
        &["model folder `no/such` does not exist; give a folder with"],
    );
}

#[test]
fn a_missing_file_is_named() {
    for name in ["config.json", "tokenizer.json", "model.safetensors"] {
        let checkpoint = Checkpoint::new();
        fs::remove_file(checkpoint.path(name)).unwrap();
        let parts = ["cannot read `", name, "No such file"];
        crate::refused(1, &["generate", "--model", checkpoint.dir()], &parts);
    }
}

#[test]
fn truncated_weights_are_damaged() {
    for share in [0.0, 0.0001, 0.5, 0.999] {
        let checkpoint = Checkpoint::new();
        let mut bytes = fs::read(checkpoint.path("model.safetensors")).unwrap();
        bytes.truncate((bytes.len() as f64 * share) as usize);
        fs::write(checkpoint.path("model.safetensors"), bytes).unwrap();
        checkpoint.refused(&["model.safetensors` is damaged (", "); download it again"]);
    }
}

#[test]
fn a_tensor_of_another_shape_is_named_with_both_shapes() {
    let checkpoint = Checkpoint::new();
    checkpoint.edit("config.json", |config| config["intermediate_size"] = json!(48));
    checkpoint.refused(&["tensor `model.layers.0.mlp.", "has shape [64, 32]; the config asks for [48, 32]"]);
}

#[test]
fn an_unknown_architecture_is_named_with_the_known_ones() {
    let checkpoint = Checkpoint::new();
    checkpoint.edit("config.json", |config| config["model_type"] = json!("mamba"));
    checkpoint.refused(&["architecture `mamba` is not supported; r1 knows ", "llama"]);
}

#[test]
fn a_config_without_a_field_or_without_sense_is_refused() {
    let checkpoint = Checkpoint::new();
    checkpoint.edit("config.json", |config| drop(config.as_object_mut().unwrap().remove("hidden_size")));
    checkpoint.refused(&["config.json`: field `hidden_size` is missing"]);
    checkpoint.file("config.json", "{");
    checkpoint.refused(&["config.json`: EOF while parsing"]);
}

#[test]
fn unknown_fields_of_the_config_are_told_once() {
    let checkpoint = Checkpoint::new();
    checkpoint.edit("config.json", |config| config["secret_sauce"] = json!(1));
    let outcome = checkpoint.r1("logprobs", &[], "{\"ids\":[1,2]}\n{\"ids\":[1,2]}");
    assert_eq!(outcome.answers().len(), 2);
    assert_eq!(outcome.stderr.matches("secret_sauce").count(), 1, "{}", outcome.stderr);
    assert!(outcome.stderr.starts_with("warning: config `"), "{}", outcome.stderr);
}

/// The tensors of the checkpoint, to be written again with one more or one fewer.
fn rewrite(checkpoint: &Checkpoint, change: impl FnOnce(&mut Vec<(String, Tensor)>)) {
    let bytes = fs::read(checkpoint.path("model.safetensors")).unwrap();
    let parsed = SafeTensors::deserialize(&bytes).unwrap();
    let copy = |(name, view): (&str, safetensors::tensor::TensorView)| {
        (name.to_owned(), Tensor { shape: view.shape().to_vec(), data: view.data().to_vec() })
    };
    let mut tensors: Vec<_> = parsed.iter().map(copy).collect();
    change(&mut tensors);
    fs::write(checkpoint.path("model.safetensors"), safetensors::serialize(tensors, None).unwrap()).unwrap();
}

/// Owned `f32` data.
struct Tensor {
    shape: Vec<usize>,
    data: Vec<u8>,
}

impl View for Tensor {
    fn dtype(&self) -> Dtype {
        Dtype::F32
    }
    fn shape(&self) -> &[usize] {
        &self.shape
    }
    fn data(&self) -> Cow<'_, [u8]> {
        self.data.as_slice().into()
    }
    fn data_len(&self) -> usize {
        self.data.len()
    }
}

#[test]
fn a_missing_tensor_is_named() {
    let checkpoint = Checkpoint::new();
    rewrite(&checkpoint, |tensors| tensors.retain(|(name, _)| name != "model.norm.weight"));
    checkpoint.refused(&["checkpoint lacks tensor `model.norm.weight`; it is incomplete"]);
}

#[test]
fn a_surplus_tensor_is_named() {
    let checkpoint = Checkpoint::new();
    rewrite(&checkpoint, |tensors| {
        tensors.push(("model.extra.weight".into(), Tensor { shape: vec![1], data: vec![0; 4] }));
    });
    checkpoint
        .refused(&["checkpoint has surplus tensor `model.extra.weight`; it is of another architecture"]);
}

#[test]
fn a_weight_that_is_not_finite_is_named() {
    let checkpoint = Checkpoint::new();
    rewrite(&checkpoint, |tensors| {
        let (_, norm) = tensors.iter_mut().find(|(name, _)| name == "model.norm.weight").unwrap();
        norm.data[..4].copy_from_slice(&f32::NAN.to_le_bytes());
    });
    checkpoint.refused(&["tensor `model.norm.weight` holds a value that is not finite"]);
}

#[test]
fn a_tokenizer_larger_than_the_vocabulary_is_refused() {
    let checkpoint = Checkpoint::new();
    checkpoint.edit("tokenizer.json", |tokenizer| {
        tokenizer["model"]["vocab"]["é"] = json!(95);
        tokenizer["model"]["vocab"]["ü"] = json!(96);
    });
    checkpoint.refused(&["tokenizer has 97 tokens but the model only 96; they do not belong together"]);
}

#[test]
fn a_tokenizer_without_its_end_token_is_refused() {
    let checkpoint = Checkpoint::new();
    checkpoint.edit("tokenizer_config.json", |config| config["eos_token"] = json!("<|im_end|>"));
    checkpoint
        .refused(&["tokenizer.json`: lacks `<|im_end|>`; add it to the vocabulary or choose another model"]);
}

#[test]
fn a_tokenizer_that_is_none_is_refused() {
    let checkpoint = Checkpoint::new();
    checkpoint.file("tokenizer.json", "{\"version\": \"1.0\"}");
    checkpoint.refused(&["tokenizer `", "a `tokenizer.json` of the tokenizers library is needed"]);
}

#[test]
fn a_stop_id_outside_the_vocabulary_is_refused() {
    let checkpoint = Checkpoint::new();
    checkpoint.file("generation_config.json", "{\"eos_token_id\": [2, 96]}");
    checkpoint.refused(&["token id 96 lies outside the vocabulary of 96"]);
}
