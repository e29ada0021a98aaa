//! No panic and no hang on what a file, a flag or a reader can be.

use std::{
    fs,
    io::Read,
    process::{Command, Stdio},
};

use serde_json::json;

use crate::{Checkpoint, Outcome, refused};

fn shell(checkpoint: &Checkpoint, line: &str) -> Outcome {
    let output = Command::new("bash")
        .args(["-c", line])
        .env("R1", env!("CARGO_BIN_EXE_r1"))
        .env("MODEL", checkpoint.dir())
        .env("R1_DEVICE", "flex")
        .output()
        .unwrap();
    Outcome {
        status: output.status.code().unwrap(),
        stdout: output.stdout,
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_is_told_and_a_closed_reader_is_none() {
    let checkpoint = Checkpoint::new();
    for command in [
        "plan --model $MODEL",
        "completions bash",
        "man",
        "man eval",
        "problems --list",
        "generate --model $MODEL --prompt a --max-tokens 4",
    ] {
        let outcome = shell(&checkpoint, &format!("$R1 {command} > /dev/full"));
        let last = outcome.stderr.lines().last().unwrap_or_default();
        assert_eq!(outcome.status, 1, "{command}: {}", outcome.stderr);
        assert!(
            last.starts_with("error: cannot write to standard output: No space left"),
            "{command}: {last}"
        );
        let mut child = Command::new("bash")
            .args(["-c", &format!("exec $R1 {command}")])
            .env("R1", env!("CARGO_BIN_EXE_r1"))
            .env("MODEL", checkpoint.dir())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let mut stderr = String::new();
        child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
        assert!(child.wait().unwrap().success() && !stderr.contains("bug"), "{command}: {stderr}");
    }
}

#[test]
fn the_greatest_numbers_are_answered_or_refused() {
    let checkpoint = Checkpoint::new();
    let most = u64::MAX.to_string();
    let input = "{\"prompt\":\"3+4\"}";
    let generate = |more: &[&str]| checkpoint.r1("generate", more, input);
    assert_eq!(generate(&["--temperature", "0", "--max-tokens", &most]).answers().len(), 1);
    assert_eq!(generate(&["--max-tokens", "4", "--top-k", &most]).answers().len(), 1);
    assert_eq!(generate(&["--max-tokens", "4", "--batch", &most, "--seed", &most]).answers().len(), 1);
    let line = format!("{{\"prompt\":\"3\",\"max_tokens\":{most},\"top_k\":{most},\"seed\":{most}}}");
    assert_eq!(checkpoint.r1("generate", &[], line).answers().len(), 1);
    let model = ["generate", "--model", checkpoint.dir()];
    refused(2, &[&model[..], &["--samples", &most]].concat(), &["at most 1000000"]);
    let plan = ["plan", "--model", checkpoint.dir()];
    for option in ["--batch-tokens", "--prompts", "--group-size", "--prompt-tokens", "--max-tokens"] {
        refused(2, &[&plan[..], &[option, &most]].concat(), &[option]);
    }
    let numbers = ["--prompt-tokens", "4294967295", "--max-tokens", "4294967295", "--prompts", "4294967295"];
    let peak = checkpoint.r1("plan", &numbers, "").answers()[0]["peak_bytes"].as_u64().unwrap();
    assert!(peak > 0);
}

#[test]
fn a_temperature_without_digits_is_refused_as_one() {
    let checkpoint = Checkpoint::new();
    for value in ["1e-30", "1e-45", "9e-5"] {
        let model = ["generate", "--model", checkpoint.dir(), "--temperature", value];
        refused(2, &model, &["expected 0 for the most probable token, or at least 0.0001"]);
    }
    let input = "{\"prompt\":\"3\",\"temperature\":1e-30}\n{\"prompt\":\"3\",\"temperature\":1e-4}";
    let outcome = checkpoint.r1("generate", &["--max-tokens", "4"], input);
    assert_eq!((outcome.status, outcome.lines().len()), (1, 1), "{}", outcome.stderr);
    assert!(
        outcome.stderr.contains("line 1 of standard input: sampling: temperature is"),
        "{}",
        outcome.stderr
    );
}

#[test]
fn a_line_of_a_hundred_megabytes_is_refused_and_the_next_is_answered() {
    let checkpoint = Checkpoint::new();
    let long = "7".repeat(100_000_000);
    let input =
        format!("{{\"prompt\":\"{long}\"}}\n{{\"prompt\":\"{}\"}}\n{{\"prompt\":\"a\"}}\n", &long[..1 << 20]);
    let outcome = checkpoint.r1("generate", &["--max-tokens", "4"], &input);
    assert_eq!((outcome.status, outcome.lines().len()), (1, 1));
    assert!(
        outcome.stderr.contains("line 1 of standard input: it has more than 64 MB"),
        "{}",
        outcome.stderr
    );
    assert!(outcome.stderr.contains("line 2 of standard input: it has 1048576 bytes"), "{}", outcome.stderr);
    // In a file, too.
    let problem = json!({ "id": "a", "question": long, "reference": { "kind": "number", "text": "7" } });
    let data = checkpoint.file("p.jsonl", problem.to_string());
    let out = checkpoint.path("o.json").display().to_string();
    let outcome = checkpoint.r1("eval", &["--data", &data, "--out", &out, "--template", "plain"], "");
    assert_eq!(outcome.status, 1);
    assert!(outcome.stderr.contains("the prompt of problem `a` cannot be used: it has 100000000 bytes"));
}

#[test]
#[cfg(unix)]
fn a_pipe_in_the_place_of_a_checkpoints_file_is_refused() {
    for name in
        ["model.safetensors", "config.json", "tokenizer.json", "tokenizer_config.json", "chat_template.jinja"]
    {
        let checkpoint = Checkpoint::new();
        let _ = fs::remove_file(checkpoint.path(name));
        assert!(Command::new("mkfifo").arg(checkpoint.path(name)).status().unwrap().success());
        checkpoint.refused(&[name, "is a pipe or device"]);
        if name == "config.json" {
            refused(1, &["plan", "--model", checkpoint.dir()], &["config.json", "pipe or device"]);
        }
    }
}

#[test]
fn a_config_beyond_all_bounds_is_refused_before_anything_is_made() {
    for field in [
        "num_hidden_layers",
        "max_position_embeddings",
        "vocab_size",
        "hidden_size",
        "intermediate_size",
        "num_attention_heads",
        "head_dim",
    ] {
        let checkpoint = Checkpoint::new();
        checkpoint.edit("config.json", |config| config[field] = json!(4_000_000_000_u64));
        checkpoint.refused(&["config.json", field]);
        refused(1, &["plan", "--model", checkpoint.dir()], &[field]);
    }
    // Within the bounds, the weights decide.
    let checkpoint = Checkpoint::new();
    checkpoint.edit("config.json", |config| config["vocab_size"] = json!(16_000_000));
    checkpoint.refused(&["shape"]);
}

#[test]
fn what_json_cannot_hold_is_named_with_its_line() {
    let checkpoint = Checkpoint::new();
    let input = b"{\"prompt\":\"a\0b\"}\n{\"prompt\":\"a\",\"temperature\":NaN}\n{\"prompt\":\"\xff\"}\n\
                  {\"prompt\":\"a\",\"temperature\":-Infinity}\n{\"prompt\":\"a\tb\"}\n\0\0\n";
    let outcome = checkpoint.r1("generate", &[], input);
    assert_eq!((outcome.status, outcome.stdout.len()), (1, 0));
    let found: Vec<&str> = outcome.stderr.lines().collect();
    let expected = [
        "line 1 of standard input: the character U+0000 at column 13 must be written as \\u0000 in JSON",
        "line 2 of standard input: `NaN` at column 29 is no number in JSON; leave it out, or write null",
        "line 3 of standard input: not UTF-8 from byte 12",
        "line 4 of standard input: `-Infinity` at column 30 is no number in JSON; leave it out, or write null",
        "line 5 of standard input: the character U+0009 at column 13 must be written as \\u0009 in JSON",
        "line 6 of standard input: `\\0\\0` is no JSON object; give one a line",
    ];
    for (found, expected) in found.iter().zip(expected) {
        assert_eq!(found.strip_prefix("error: ").unwrap(), expected);
    }
    assert_eq!(found.len(), expected.len());
}

#[test]
fn a_file_of_problems_without_format_is_read_or_named_by_line() {
    use std::io::Write;
    let checkpoint = Checkpoint::new();
    let good = "{\"id\":\"a\",\"question\":\"3+4\",\"reference\":{\"kind\":\"number\",\"text\":\"7\"}}\n";
    let out = checkpoint.path("o.json").display().to_string();
    let eval = |data: &str| {
        let arguments = ["--data", data, "--out", &out, "--max-tokens", "4", "--template", "plain"];
        checkpoint.r1("eval", &arguments, "")
    };
    for bad in ["{\"id\":\"a\0\"}\n", "{\"id\":NaN}\n", "id,question\n", "[1]\n"] {
        let data = checkpoint.file("p.jsonl", bad);
        let outcome = eval(&data);
        assert_eq!((outcome.status, outcome.stderr.lines().count()), (1, 1), "{bad:?}: {}", outcome.stderr);
        assert!(outcome.stderr.contains("p.jsonl` line 1: "), "{bad:?}: {}", outcome.stderr);
    }
    let data = checkpoint.file("p.jsonl", b"{\"id\":\"\xff\"}\n");
    assert!(eval(&data).stderr.contains("p.jsonl` line 1: not UTF-8 from byte 8"));
    let data = checkpoint.path("p.jsonl.gz");
    let mut gzip =
        Command::new("gzip").stdin(Stdio::piped()).stdout(fs::File::create(&data).unwrap()).spawn().unwrap();
    gzip.stdin.take().unwrap().write_all(good.as_bytes()).unwrap();
    assert!(gzip.wait().unwrap().success());
    assert_eq!(eval(data.to_str().unwrap()).answers()[0]["problems"], 1);
    #[cfg(not(feature = "hub"))]
    assert!(eval("hf://datasets/o/n/f.jsonl").stderr.contains("built without the feature `hub`"));
}
