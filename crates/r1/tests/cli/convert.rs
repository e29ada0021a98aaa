//! `r1 convert`: what was written is the same model.

use std::{fs, path::Path};

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
fn an_adapter_is_trained_gone_on_with_and_merged() {
    let checkpoint = Checkpoint::new();
    let data = checkpoint.file("problems.jsonl", "{\"question\":\"1+1\",\"answer\":\"2\"}\n");
    let (out, merged) = (checkpoint.path("run"), checkpoint.path("merged"));
    let (out, merged) = (out.to_str().unwrap(), merged.to_str().unwrap());
    // A reward of one's own, for a random model has no right answers.
    let reward = r#"reward=[{command=["python3", "-c", "import sys, json\nfor line in sys.stdin: print(json.dumps({'score': len(json.loads(line)['completion']['text']) % 3}), flush=True)"]}]"#;
    let settings = [
        "grpo.group_size=4",
        "grpo.prompts_per_step=1",
        "grpo.mini_batches_per_rollout=1",
        "grpo.sampling.max_tokens=8",
        "grpo.learning_rate=0.05",
        "grpo.template=\"plain\"",
        reward,
    ];
    let mut flags = vec!["--lora", "2", "--data", &data, "--updates", "3", "--out", out];
    flags.extend(settings.iter().flat_map(|setting| ["--set", setting]));
    let outcome = checkpoint.r1("grpo", &flags, "");
    assert_eq!(outcome.status, 0, "{}", outcome.stderr);
    assert!(outcome.stderr.contains("rank = 2"), "{}", outcome.stderr);
    let adapter = format!("{out}/model");
    assert!(!Path::new(&adapter).join("model.safetensors").exists());

    let question = "{\"ids\":[5,6,7,8]}";
    let scores = |dir: &str| {
        let answers = r1(&["logprobs", "--model", dir], question).answers();
        answers[0]["logprobs"].as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect::<Vec<_>>()
    };
    let convert = r1(&["convert", "--model", &adapter, "--merge", "--dtype", "f32", "--out", merged], "");
    assert_eq!(convert.status, 0, "{}", convert.stderr);
    let (beside, whole, base) = (scores(&adapter), scores(merged), scores(checkpoint.dir()));
    for ((beside, whole), base) in beside.iter().zip(whole).zip(base) {
        assert!((beside - whole).abs() < 1e-5 && (beside - base).abs() > 1e-4, "{beside} {whole} {base}");
    }

    // Where the base has gone, the adapter says what it misses, and takes another folder.
    let config = fs::read_to_string(format!("{adapter}/adapter_config.json")).unwrap();
    let moved = config.replace(checkpoint.dir(), "gone");
    assert_ne!(config, moved);
    fs::write(format!("{adapter}/adapter_config.json"), moved).unwrap();
    refused(1, &["logprobs", "--model", &adapter], &["`gone`", "r1 convert --base"]);
    let again = checkpoint.path("again");
    let arguments = ["convert", "--model", &adapter, "--base", checkpoint.dir(), "--merge", "--dtype", "f32"];
    let outcome = r1(&[&arguments[..], &["--out", again.to_str().unwrap()]].concat(), "");
    assert_eq!(outcome.status, 0, "{}", outcome.stderr);
    assert_eq!(
        fs::read(again.join("model.safetensors")).unwrap(),
        fs::read(format!("{merged}/model.safetensors")).unwrap()
    );
    refused(2, &["convert", "--model", checkpoint.dir(), "--merge", "--out", "x"], &["is a whole model"]);
}

#[test]
fn a_folder_that_cannot_be_written_is_named() {
    let checkpoint = Checkpoint::new();
    let file = checkpoint.file("taken", "");
    let out = format!("{file}/inside");
    refused(1, &["convert", "--model", checkpoint.dir(), "--out", &out], &[&file]);
    refused(2, &["convert", "--model", checkpoint.dir()], &["--out"]);
}

#[test]
fn a_gguf_file_has_a_name_of_its_own_and_a_tokenizer_that_it_can_say() {
    let checkpoint = Checkpoint::new();
    let out = |name: &str| checkpoint.path(name).to_str().unwrap().to_owned();
    let there = out("there.gguf");
    fs::write(&there, "mine").unwrap();
    for (arguments, expected) in [
        (vec!["--out", &there], "is there already; choose another name, or give --overwrite"),
        (vec!["--out", &out("folder")], "does not end in .gguf"),
        (vec!["--out", &out("new.gguf")], "tokenizer"),
        (vec!["--out", &out("new.gguf"), "--merge"], "cannot be used with"),
    ] {
        let outcome = checkpoint.r1("convert", &[vec!["--gguf", "q8_0"], arguments].concat(), "");
        assert!(outcome.status != 0 && outcome.stderr.contains(expected), "{}", outcome.stderr);
    }
    assert_eq!(fs::read(&there).unwrap(), b"mine");
    assert!(!checkpoint.path("new.gguf").exists());
}

#[test]
fn packed_weights_and_gguf_files_generate() {
    let checkpoint = Checkpoint::new();
    let question = "{\"ids\":[5,6,7,8]}";
    let whole = checkpoint.r1("logprobs", &[], question).answers();
    let packed = checkpoint.r1("logprobs", &["--weights", "bf16"], question).answers();
    let scores = |answers: &[Value]| -> Vec<f64> {
        answers[0]["logprobs"].as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect()
    };
    for (packed, whole) in scores(&packed).iter().zip(scores(&whole)) {
        assert!((packed - whole).abs() < 0.05 && *packed != whole, "{packed} {whole}");
    }
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../r1-gguf/tests/golden/tiny-qwen2.gguf");
    let greedy =
        ["--temperature", "0", "--max-tokens", "4", "--prompt", "the theory of 12 things, naïve café"];
    let outcome = r1(&[&["generate", "--model", file][..], &greedy].concat(), "");
    let golden = fs::read(file.replace(".gguf", ".json")).unwrap();
    let golden: Value = serde_json::from_slice(&golden).unwrap();
    let ids = outcome.answers()[0]["completions"][0]["ids"].as_array().unwrap().clone();
    assert_eq!(ids[..], golden["greedy"].as_array().unwrap()[..ids.len()]);
    let refused = r1(&["generate", "--model", file, "--weights", "q8_0", "--prompt", "x"], "");
    assert!(refused.status != 0 && refused.stderr.contains("leave it out"), "{}", refused.stderr);
    let refused = r1(&["convert", "--model", file, "--out", checkpoint.path("x").to_str().unwrap()], "");
    assert!(refused.status != 0 && refused.stderr.contains("packed for generation"), "{}", refused.stderr);
}
