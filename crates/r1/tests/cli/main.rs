//! The `r1` command from outside: what it answers, what it refuses, and how it says so.
//!
//! The checkpoint is a tiny model with random weights, and a tokenizer with a token for each character.

mod checkpoint;
mod compare;
mod convert;
mod decontaminate;
mod diagnose;
mod eval;
mod grade;
mod hostile;
mod lines;
mod owner;
mod problems;
mod plan;
mod replay;
mod resume;
mod serve;
mod settings;
mod traces;
mod usage;

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use r1::data::tokenizer::Tokenizer;
use serde_json::Value;
use tempfile::TempDir;

/// 93 characters; with `<unk>` and the end token they make 95 of the model's 96 ids.
const ALPHABET: &str =
    "\n !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz|";

/// What a call of the command came to.
#[derive(Debug, PartialEq, Eq)]
struct Outcome {
    status: i32,
    stdout: Vec<u8>,
    stderr: String,
}

impl Outcome {
    fn lines(&self) -> Vec<Value> {
        let text = std::str::from_utf8(&self.stdout).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The lines, after a call that went well.
    fn answers(&self) -> Vec<Value> {
        assert_eq!(self.status, 0, "{}", self.stderr);
        self.lines()
    }
}

/// Calls the command with this standard input.
fn r1(arguments: &[&str], input: impl AsRef<[u8]>) -> Outcome {
    let mut child = Command::new(env!("CARGO_BIN_EXE_r1"))
        .args(arguments)
        .env("R1_DEVICE", "flex")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.as_ref().to_vec();
    // A command that refuses its arguments does not read what it is told.
    let writer = std::thread::spawn(move || drop(stdin.write_all(&input)));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    Outcome {
        status: output.status.code().unwrap(),
        stdout: output.stdout,
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Asserts that the call fails with this status and exactly one sentence that has all the `parts`.
fn refused(status: i32, arguments: &[&str], parts: &[&str]) {
    let outcome = r1(arguments, "");
    assert_eq!((outcome.status, outcome.stdout.len()), (status, 0), "{outcome:?}");
    assert_eq!(outcome.stderr.lines().count(), 1, "{}", outcome.stderr);
    assert!(outcome.stderr.starts_with("error: "), "{}", outcome.stderr);
    for part in parts {
        assert!(outcome.stderr.contains(part), "`{part}` is missing in: {}", outcome.stderr);
    }
}

/// A folder with a tiny checkpoint that a test may break.
struct Checkpoint {
    folder: TempDir,
}

impl Checkpoint {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("../r1-model/tests/golden/llama-tied");
        for name in ["config.json", "model.safetensors"] {
            // Not a copy, which would be as unwritable as its source may be.
            fs::write(folder.path().join(name), fs::read(golden.join(name)).unwrap()).unwrap();
        }
        Tokenizer::characters(ALPHABET, &["<|end|>"], folder.path()).unwrap();
        Self { folder }
    }

    /// The same with a chat template of its own.
    fn with_chat(self) -> Self {
        let template =
            "{% for message in messages %}{{ message.role }}: {{ message.content }}\n{% endfor %}assistant:";
        fs::write(self.path("chat_template.jinja"), template).unwrap();
        self
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn dir(&self) -> &str {
        self.folder.path().to_str().unwrap()
    }

    /// Writes a file into the folder and returns its path.
    fn file(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.path(name);
        fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// Changes one of its JSON files.
    fn edit(&self, name: &str, change: impl FnOnce(&mut Value)) {
        let path = self.path(name);
        let mut value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        change(&mut value);
        fs::write(path, value.to_string()).unwrap();
    }

    /// Calls `r1 COMMAND --model DIR ARGUMENTS..`.
    fn r1(&self, command: &str, arguments: &[&str], input: impl AsRef<[u8]>) -> Outcome {
        r1(&[&[command, "--model", self.dir()], arguments].concat(), input)
    }

    /// Asserts that the model is refused with a sentence that has all the `parts`.
    fn refused(&self, parts: &[&str]) {
        refused(1, &["logprobs", "--model", self.dir()], parts);
    }
}
