//! What was begun is gone on with by the same command only: killed, called again, called twice at once.

use std::{
    fs,
    path::Path,
    process::{Child, Command, Stdio},
    thread::sleep,
    time::Duration,
};

use serde_json::json;

use crate::{Checkpoint, Outcome};

fn problems(count: usize, gold: impl Fn(usize) -> usize) -> String {
    let line = |n: usize| {
        json!({ "id": format!("p{n}"), "question": format!("{n} + 1?"),
                "reference": { "kind": "number", "text": gold(n).to_string() } })
        .to_string()
    };
    (0..count).map(|n| line(n) + "\n").collect()
}

fn arguments<'a>(data: &'a str, out: &'a str) -> Vec<&'a str> {
    vec!["--data", data, "--out", out, "--template", "plain", "--seed", "3"]
}

/// Starts a command that is to be stopped.
fn start(checkpoint: &Checkpoint, command: &str, arguments: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_r1"))
        .args([command, "--model", checkpoint.dir()])
        .args(arguments)
        .env("R1_DEVICE", "flex")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Waits until the file has so many lines, or the process is gone.
fn wait_for(child: &mut Child, path: &Path, lines: usize) {
    let count = || fs::read(path).map_or(0, |text| text.iter().filter(|byte| **byte == b'\n').count());
    while count() < lines && child.try_wait().unwrap().is_none() {
        sleep(Duration::from_millis(2));
    }
}

/// Sends a signal when the file has so many lines, and returns the status and standard error.
fn stop(mut child: Child, signal: &str, journal: &Path, lines: usize) -> (i32, String) {
    wait_for(&mut child, journal, lines);
    let _ = Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
    let output = child.wait_with_output().unwrap();
    (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
}

fn refuses(outcome: &Outcome, parts: &[&str]) {
    assert_eq!((outcome.status, outcome.stderr.lines().count()), (1, 1), "{outcome:?}");
    let parts = [parts, &["was begun with different", "choose another --out"]].concat();
    parts.iter().for_each(|part| assert!(outcome.stderr.contains(part), "`{part}`: {}", outcome.stderr));
}

#[test]
#[cfg(unix)]
fn an_evaluation_that_is_stopped_goes_on_and_ends_with_the_same_bytes() {
    let checkpoint = Checkpoint::new();
    let data = checkpoint.file("p.jsonl", problems(60, |n| n + 1));
    let more = ["--samples", "32", "--max-tokens", "60"];
    let [straight, stopped] = ["a.json", "b.json"].map(|name| checkpoint.path(name).display().to_string());
    let straight_arguments = [&arguments(&data, &straight)[..], &more].concat();
    let expected = checkpoint.r1("eval", &straight_arguments, "");
    assert_eq!(expected.status, 0, "{}", expected.stderr);
    let again = [&arguments(&data, &stopped)[..], &more].concat();
    let journal = checkpoint.path("b.json.journal.jsonl");
    for (signal, status, lines) in [("-TERM", 143, 1), ("-INT", 130, 17)] {
        let (code, stderr) = stop(start(&checkpoint, "eval", &again), signal, &journal, lines);
        assert_eq!(code, status, "{stderr}");
        let last = stderr.lines().last().unwrap();
        assert!(last.starts_with("interrupted: ") && last.contains("the same command goes on"), "{stderr}");
        assert!(!checkpoint.path(".b.json.lock").exists() && !Path::new(&stopped).exists());
    }
    // Begun with this model, data and settings, it goes on with no other.
    let other = [&arguments(&data, &stopped)[..], &["--samples", "32", "--max-tokens", "59"]].concat();
    refuses(&checkpoint.r1("eval", &other, ""), &["b.json", "`sampling.max_tokens`: 60, and now 59"]);
    let outcome = checkpoint.r1("eval", &again, "");
    assert_eq!(outcome.status, 0, "{}", outcome.stderr);
    assert!(outcome.stderr.contains("going on after "), "{}", outcome.stderr);
    assert_eq!(outcome.stdout, expected.stdout);
    for suffix in ["", ".samples.jsonl"] {
        let read = |out: &str| fs::read(format!("{out}{suffix}")).unwrap();
        assert!(read(&stopped) == read(&straight), "{suffix}");
    }
    assert!(!journal.exists());
}

#[test]
fn a_finished_evaluation_says_so_and_is_kept() {
    let checkpoint = Checkpoint::new();
    let data = checkpoint.file("p.jsonl", problems(3, |n| n + 1));
    let out = checkpoint.path("a.json").display().to_string();
    let eval = |data: &str, more: &[&str]| {
        checkpoint.r1("eval", &[&arguments(data, &out)[..], &["--max-tokens", "8"], more].concat(), "")
    };
    let first = eval(&data, &[]);
    let report = fs::read(&out).unwrap();
    let again = eval(&data, &[]);
    assert_eq!((again.status, &again.stdout), (0, &first.stdout));
    assert!(again.stderr.contains("is finished, with the same model, data and settings"), "{}", again.stderr);
    // The same problems under another name and by another spelling of the file are the same data.
    let moved = checkpoint.file("q.jsonl", problems(3, |n| n + 1).replace("\":\"", "\": \""));
    assert_eq!(eval(&moved, &[]).stdout, first.stdout);

    let golds = checkpoint.file("golds.jsonl", problems(3, |n| n + 2));
    refuses(&eval(&golds, &[]), &["a.json", "different golds"]);
    let asked = checkpoint.file("asked.jsonl", problems(3, |n| n + 1).replace("2 + 1?", "2 + 2?"));
    refuses(&eval(&asked, &[]), &["different data"]);
    refuses(&eval(&data, &["--limit", "2"]), &["different"]);
    refuses(&eval(&data, &["--mode", "lenient"]), &["`mode`: \"strict\", and now \"lenient\""]);
    refuses(&eval(&data, &["--temperature", "1"]), &["`sampling.temperature`"]);
    refuses(&eval(&data, &["--samples", "2"]), &["`samples`: 1, and now 2"]);
    assert_eq!(fs::read(&out).unwrap(), report);
    // A model with other weights is another model, in the same place.
    checkpoint.edit("config.json", |config| config["rms_norm_eps"] = json!(1e-3));
    refuses(&eval(&data, &[]), &["different model: its SHA-256 was"]);
    // Asked to, it begins anew.
    let replaced = eval(&golds, &["--overwrite"]);
    assert_eq!(replaced.status, 0, "{}", replaced.stderr);
    refuses(&eval(&data, &[]), &["different"]);
}

#[test]
fn corrected_references_are_noticed_and_more_problems_are_added() {
    let checkpoint = Checkpoint::new();
    let data = checkpoint.file("p.jsonl", problems(4, |n| n + 1));
    let out = checkpoint.path("t.jsonl").display().to_string();
    let reject = |data: &str, more: &[&str]| {
        let how = ["--samples", "2", "--max-tokens", "16"];
        checkpoint.r1("reject", &[&arguments(data, &out)[..], &how, more].concat(), "")
    };
    reject(&data, &["--limit", "2"]).answers();
    let all = reject(&data, &[]);
    assert_eq!(all.answers()[0]["problems"], 4);
    let again = reject(&data, &[]);
    assert_eq!(again.stdout, all.stdout);
    assert!(again.stderr.contains("is finished, with the same"), "{}", again.stderr);
    refuses(&reject(&data, &["--limit", "3"]), &["data: problem `p3` is no longer in it"]);
    let corrected = checkpoint.file("q.jsonl", problems(4, |_| 99));
    refuses(&reject(&corrected, &[]), &["problem `p0` had another question or reference"]);
    refuses(&reject(&data, &["--mode", "lenient"]), &["`mode`"]);
    checkpoint.edit("config.json", |config| config["rms_norm_eps"] = json!(1e-3));
    refuses(&reject(&data, &[]), &["different model"]);
}

#[test]
#[cfg(unix)]
fn of_two_at_once_the_second_is_refused_and_the_first_can_be_stopped() {
    let checkpoint = Checkpoint::new();
    let data = checkpoint.file("p.jsonl", problems(60, |n| n + 1));
    let out = checkpoint.path("t.jsonl").display().to_string();
    let more = ["--samples", "32", "--max-tokens", "60"];
    let arguments = [&arguments(&data, &out)[..], &more].concat();
    let mut first = start(&checkpoint, "reject", &arguments);
    wait_for(&mut first, &checkpoint.path("t.jsonl.journal.jsonl"), 1);
    let second = checkpoint.r1("reject", &arguments, "");
    assert_eq!((second.status, second.stderr.lines().count()), (1, 1), "{second:?}");
    let holder = format!("is being written by another r1 process ({})", first.id());
    assert!(second.stderr.contains(&holder), "{}", second.stderr);
    let (code, stderr) = stop(first, "-TERM", &checkpoint.path("t.jsonl.journal.jsonl"), 2);
    assert_eq!(code, 143, "{stderr}");
    assert!(stderr.contains("interrupted: the traces so far are in"), "{stderr}");
    let report = checkpoint.r1("reject", &arguments, "").answers().remove(0);
    assert_eq!(report["problems"], 60);
}
