//! Nothing of a user's is lost: what stands at `--out` is kept, followed or refused.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
};

use crate::{Checkpoint, Outcome, r1, refused};

const PROBLEM: &str =
    "{\"id\":\"a\",\"question\":\"3+4\",\"reference\":{\"kind\":\"number\",\"text\":\"7\"}}\n";

fn convert(checkpoint: &Checkpoint, out: &Path, more: &[&str]) -> Outcome {
    checkpoint.r1("convert", &[&["--out", out.to_str().unwrap()], more].concat(), "")
}

fn eval(checkpoint: &Checkpoint, out: &str, more: &[&str]) -> Outcome {
    let data = checkpoint.file("p.jsonl", PROBLEM);
    let fixed = ["--data", &data, "--max-tokens", "4", "--template", "plain", "--out", out];
    checkpoint.r1("eval", &[&fixed, more].concat(), "")
}

fn fails(outcome: &Outcome, parts: &[&str]) {
    assert_eq!((outcome.status, outcome.stderr.lines().count()), (1, 1), "{outcome:?}");
    parts.iter().for_each(|part| assert!(outcome.stderr.contains(part), "`{part}`: {}", outcome.stderr));
}

#[test]
fn a_folder_of_somebody_else_is_never_replaced() {
    let (checkpoint, out) = (Checkpoint::new(), tempfile::tempdir().unwrap());
    let out = out.path().join("out");
    fs::create_dir(&out).unwrap();
    fs::write(out.join("thesis.txt"), "mine").unwrap();
    for more in [&[][..], &["--overwrite"]] {
        fails(&convert(&checkpoint, &out, more), &["thesis.txt", "choose another --out", "--overwrite"]);
        assert_eq!(fs::read_to_string(out.join("thesis.txt")).unwrap(), "mine");
    }
    // Nor is the model itself, by any of its names.
    let model = Path::new(checkpoint.dir());
    fails(&convert(&checkpoint, model, &["--overwrite"]), &["not known to be written by r1"]);
    fails(&convert(&checkpoint, &model.join("config.json"), &["--overwrite"]), &["config.json"]);
    checkpoint.r1("logprobs", &[], "{\"ids\":[1,2]}").answers();
}

#[test]
fn a_folder_of_r1_is_replaced_only_when_asked_and_when_nothing_was_added() {
    let (checkpoint, out) = (Checkpoint::new(), tempfile::tempdir().unwrap());
    let out = out.path().join("out");
    // An empty folder is nobody's.
    fs::create_dir(&out).unwrap();
    assert_eq!(convert(&checkpoint, &out, &[]).status, 0);
    let before = fs::read(out.join("model.safetensors")).unwrap();
    fails(&convert(&checkpoint, &out, &["--dtype", "f32"]), &["is there already", "--overwrite"]);
    assert_eq!(fs::read(out.join("model.safetensors")).unwrap(), before);
    assert_eq!(convert(&checkpoint, &out, &["--dtype", "f32", "--overwrite"]).status, 0);
    assert_ne!(fs::read(out.join("model.safetensors")).unwrap(), before);
    r1(&["logprobs", "--model", out.to_str().unwrap()], "{\"ids\":[1,2]}").answers();
    fs::write(out.join("notes.md"), "mine").unwrap();
    fails(&convert(&checkpoint, &out, &["--overwrite"]), &["notes.md"]);
    assert_eq!(fs::read_to_string(out.join("notes.md")).unwrap(), "mine");
}

#[test]
#[cfg(unix)]
fn links_are_followed_and_files_are_the_users() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let (checkpoint, dir) = (Checkpoint::new(), tempfile::tempdir().unwrap());
    let path = |name: &str| dir.path().join(name);
    fs::create_dir_all(path("far/model")).unwrap();
    symlink("far/model", path("model")).unwrap();
    assert_eq!(convert(&checkpoint, &path("model"), &[]).status, 0);
    assert!(path("model").is_symlink() && path("far/model/config.json").is_file());
    fs::write(path("plain"), "").unwrap();
    let mode = |name: &str| fs::metadata(path(name)).unwrap().permissions().mode() & 0o777;
    for name in ["model.safetensors", "config.json", "tokenizer.json"] {
        assert_eq!(mode(&format!("far/model/{name}")), mode("plain"), "{name}");
    }
    symlink("far/report.json", path("report.json")).unwrap();
    eval(&checkpoint, path("report.json").to_str().unwrap(), &[]).answers();
    assert!(path("report.json").is_symlink() && path("far/report.json").is_file());
    for name in ["report.json", "report.json.samples.jsonl", "report.json.run.json"] {
        assert_eq!(mode(name), mode("plain"), "{name}");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn devices_and_pipes_stay_what_they_are() {
    use std::os::unix::fs::FileTypeExt;
    let checkpoint = Checkpoint::new();
    let printed = eval(&checkpoint, "/dev/null", &[]);
    assert_eq!(printed.lines().len(), 1, "{printed:?}");
    assert!(printed.stderr.contains("no regular file"), "{}", printed.stderr);
    let full = eval(&checkpoint, "/dev/full", &[]);
    assert_eq!(full.status, 1);
    assert!(full.stderr.contains("error: cannot write `/dev/full`: No space left"), "{}", full.stderr);
    // By another name, it is standard output, which has the figures once.
    assert_eq!(eval(&checkpoint, "/dev/stdout", &[]).answers().len(), 1);
    for device in ["/dev/null", "/dev/full"] {
        assert!(fs::metadata(device).unwrap().file_type().is_char_device(), "{device}");
        assert!(!Path::new(&format!("{device}.samples.jsonl")).exists());
    }
    let pipe = checkpoint.path("o.json");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    fails(&eval(&checkpoint, pipe.to_str().unwrap(), &[]), &["nobody reads this pipe"]);
    let reader = Command::new("cat").arg(&pipe).stdout(Stdio::piped()).spawn().unwrap();
    // The reader may need a moment to open it.
    let outcome = loop {
        let outcome = eval(&checkpoint, pipe.to_str().unwrap(), &[]);
        if !outcome.stderr.contains("nobody reads") {
            break outcome;
        }
    };
    assert_eq!(outcome.status, 0, "{}", outcome.stderr);
    let read: serde_json::Value = serde_json::from_slice(&reader.wait_with_output().unwrap().stdout).unwrap();
    assert_eq!(read, outcome.lines()[0]);
    assert!(fs::metadata(&pipe).unwrap().file_type().is_fifo());
    let data = checkpoint.file("p.jsonl", PROBLEM);
    refused(
        1,
        &["reject", "--model", checkpoint.dir(), "--data", &data, "--out", "/dev/null"],
        &["`/dev/null` is no regular file; choose another --out"],
    );
}

#[test]
fn a_file_of_somebody_else_is_never_replaced() {
    let checkpoint = Checkpoint::new();
    let notes = checkpoint.file("notes.json", "mine");
    for more in [&[][..], &["--overwrite"]] {
        fails(&eval(&checkpoint, &notes, more), &["notes.json", "not known to be written by r1"]);
        assert_eq!(fs::read_to_string(&notes).unwrap(), "mine");
    }
    let other = checkpoint.path("other.json");
    checkpoint.file("other.json.samples.jsonl", "mine");
    fails(&eval(&checkpoint, other.to_str().unwrap(), &[]), &["other.json.samples.jsonl"]);
    // An empty one, as `mktemp` makes it, is nobody's.
    let empty = checkpoint.file("empty.json", "");
    eval(&checkpoint, &empty, &[]).answers();
}
