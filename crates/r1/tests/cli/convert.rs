//! `r1 convert`: what was written is the same model.

use std::fs;

use serde_json::Value;

use crate::{Checkpoint, r1, refused};

fn convert(checkpoint: &Checkpoint, out: &str, arguments: &[&str]) -> String {
    let out = checkpoint.path(out).to_str().unwrap().to_owned();
    let outcome = checkpoint.r1("convert", &[&["--out", &out], arguments].concat(), "");
    assert_eq!((outcome.status, outcome.stdout.len()), (0, 0), "{}", outcome.stderr);
    out
}

#[test]
fn thirty_two_bits_lose_nothing() {
    let checkpoint = Checkpoint::new();
    let out = convert(&checkpoint, "same", &["--dtype", "f32"]);
    let question = "{\"ids\":[5,6,7,8]}";
    let copy = r1(&["logprobs", "--model", &out], question);
    assert_eq!(copy.answers(), checkpoint.r1("logprobs", &[], question).answers());
}

#[test]
fn half_the_bits_are_close_and_said_in_the_config() {
    let checkpoint = Checkpoint::new();
    for (name, dtype) in [("bf16", "bfloat16"), ("f16", "float16")] {
        let out = convert(&checkpoint, name, &["--dtype", name]);
        let config: Value = serde_json::from_slice(&fs::read(format!("{out}/config.json")).unwrap()).unwrap();
        assert_eq!(config["dtype"], dtype);
        let scores = |dir: &str| {
            let answers = r1(&["logprobs", "--model", dir], "{\"ids\":[5,6,7,8]}").answers();
            answers[0]["logprobs"].as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect::<Vec<_>>()
        };
        for (ours, whole) in scores(&out).iter().zip(scores(checkpoint.dir())) {
            assert!((ours - whole).abs() < 0.05 && *ours != whole, "{ours} {whole}");
        }
    }
}

#[test]
fn a_folder_that_cannot_be_written_is_named() {
    let checkpoint = Checkpoint::new();
    let file = checkpoint.file("taken", "");
    let out = format!("{file}/inside");
    refused(1, &["convert", "--model", checkpoint.dir(), "--out", &out], &[&file]);
    refused(2, &["convert", "--model", checkpoint.dir()], &["--out"]);
}
