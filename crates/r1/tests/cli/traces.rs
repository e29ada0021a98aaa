//! `r1 sft` teaches what a file says, `r1 reject` keeps what is right, and bad rows are named.

use std::fs;

use serde_json::{Value, json};

use crate::{Checkpoint, Outcome, r1};

const ANSWER: &str = "<think>ok</think><answer>1</answer>";

fn trace(id: &str, prompt: &str, completion: &str) -> String {
    json!({ "id": id, "prompt": prompt, "completion": completion }).to_string() + "\n"
}

fn sft(checkpoint: &Checkpoint, data: &str, out: &str, more: &[&str]) -> Outcome {
    let out = checkpoint.path(out);
    let arguments = ["--data", data, "--out", out.to_str().unwrap(), "--learning-rate", "1e-2"];
    checkpoint.r1("sft", &[&arguments, more].concat(), "")
}

#[test]
fn a_student_becomes_a_teacher() {
    let checkpoint = Checkpoint::new();
    // The model answers every question of one digit alike.
    let data: String = (0..4).map(|n| trace(&n.to_string(), &format!("{n}?"), ANSWER)).collect();
    let data = checkpoint.file("data.jsonl", data);
    let more = ["--epochs", "60", "--batch-size", "4", "--save-every", "7"];
    let outcome = sft(&checkpoint, &data, "run", &more);
    let report = &outcome.answers()[0];
    assert_eq!((&report["traces"], &report["updates"]), (&4.into(), &60.into()));
    assert!(report["loss"].as_f64().unwrap() < 0.05, "{report}");
    let metrics = fs::read(checkpoint.path("run/metrics.jsonl")).unwrap();
    assert_eq!(metrics.iter().filter(|byte| **byte == b'\n').count(), 60);
    // Called again it is done; with other settings it refuses.
    assert_eq!(sft(&checkpoint, &data, "run", &more).lines(), outcome.lines());
    let other = sft(&checkpoint, &data, "run", &["--epochs", "61", "--batch-size", "4"]);
    assert_eq!(other.status, 1);
    assert!(
        other.stderr.contains("different `sft.epochs`: 60, and now 61; choose another --out"),
        "{other:?}"
    );

    let problem = |id: &str, question: &str, answer: &str| {
        let reference = json!({ "kind": "number", "text": answer });
        json!({ "id": id, "question": question, "reference": reference }).to_string() + "\n"
    };
    let problems = [problem("right", "0?", "1"), problem("wrong", "1?", "2"), problem("also", "3?", "1")];
    let problems = checkpoint.file("problems.jsonl", problems.concat());
    let model = checkpoint.path("run/model").to_str().unwrap().to_owned();
    let out = checkpoint.path("traces.jsonl");
    let reject = |limit: &str| {
        let to = ["--out", out.to_str().unwrap(), "--limit", limit, "--template", "plain", "--chunk", "1"];
        let how = ["--temperature", "0", "--samples", "2", "--max-tokens", "40", "--teacher", "tiny"];
        let asked = ["reject", "--model", &model, "--data", &problems, "--format", "problems"];
        r1(&[&asked[..], &to, &how].concat(), "")
    };
    let first = reject("2").answers();
    assert_eq!(
        (&first[0]["problems"], &first[0]["kept"], &first[0]["repeated"]),
        (&2.into(), &1.into(), &1.into())
    );
    let all = reject("3").answers();
    assert_eq!((&all[0]["problems"], &all[0]["correct"], &all[0]["kept"]), (&3.into(), &4.into(), &2.into()));
    let traces: Vec<Value> =
        fs::read_to_string(&out).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let ids: Vec<&str> = traces.iter().map(|trace| trace["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["right/0", "also/0"]);
    assert_eq!((&traces[0]["completion"], &traces[0]["prompt"]), (&ANSWER.into(), &"0?".into()));
    assert_eq!(traces[0]["provenance"]["teacher"], "tiny");
    // What it kept can be learnt.
    sft(&checkpoint, out.to_str().unwrap(), "second", &["--epochs", "1"]).answers();
}

#[test]
#[cfg(feature = "remote")]
fn a_teacher_behind_an_endpoint_is_asked() {
    use std::io::{Read, Write};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}/v1", listener.local_addr().unwrap());
    let server = std::thread::spawn(move || {
        for answer in ["<think>1</think><answer>1</answer>", "<think>2</think><answer>9</answer>"] {
            let (mut stream, _) = listener.accept().unwrap();
            let (mut sent, mut buffer) = (Vec::new(), [0; 4096]);
            while !sent.ends_with(b"}") {
                let read = stream.read(&mut buffer).unwrap();
                sent.extend_from_slice(&buffer[..read]);
            }
            let reply = json!({ "choices": [{ "message": { "content": answer }, "finish_reason": "stop" }] });
            let (reply, head) = (reply.to_string(), "HTTP/1.1 200 OK\r\nconnection: close\r\n");
            write!(stream, "{head}content-length: {}\r\n\r\n{reply}", reply.len()).unwrap();
        }
    });
    let checkpoint = Checkpoint::new();
    let data = checkpoint.file("data.jsonl", "{\"question\": \"0 + 1?\", \"answer\": \"#### 1\"}\n");
    let out = checkpoint.path("traces.jsonl");
    let to = ["--data", &data, "--format", "gsm8k", "--out", out.to_str().unwrap(), "--samples", "2"];
    let asked = ["reject", "--endpoint", &endpoint, "--teacher", "far", "--parallel", "1"];
    let report = r1(&[&asked[..], &to].concat(), "").answers().remove(0);
    server.join().unwrap();
    assert_eq!((&report["correct"], &report["kept"]), (&1.into(), &1.into()));
    let trace: Value = serde_json::from_str(&fs::read_to_string(&out).unwrap()).unwrap();
    assert_eq!(trace["provenance"]["teacher"], "far");
    assert_eq!(trace["prompt"], json!([{ "role": "user", "content": "0 + 1?" }]));

    crate::refused(2, &[&["reject", "--endpoint", &endpoint][..], &to].concat(), &["--teacher <NAME>"]);
    crate::refused(2, &[&["reject"][..], &to].concat(), &["--model <DIR>"]);
    let keyed = [&asked[..], &["--key-env", "R1_NO_SUCH_KEY"], &to].concat();
    crate::refused(1, &keyed, &["the environment has no `R1_NO_SUCH_KEY`"]);
}

#[test]
fn a_row_that_cannot_be_learnt_is_named_before_anything_is_trained() {
    let checkpoint = Checkpoint::new();
    let check = |data: String, more: &[&str], part: &str| {
        let data = checkpoint.file("data.jsonl", data);
        let outcome = sft(&checkpoint, &data, "run", more);
        assert_eq!((outcome.status, outcome.stderr.lines().count()), (1, 1), "{}", outcome.stderr);
        assert!(outcome.stderr.contains(part), "{}", outcome.stderr);
        assert!(!checkpoint.path("run").exists());
    };
    let good = trace("a", "0?", "1");
    check(good.clone() + &trace("b", "0?", " "), &[], "data.jsonl` line 2: the completion of `b` is empty");
    check(good.clone() + &good, &[], "data.jsonl` line 2: the id `a` stands in line 1, too");
    let long = "a".repeat(200);
    check(
        good.clone() + &trace("b", "0?", &long),
        &[],
        "data.jsonl` row 2: trace `b` has 203 tokens, more than the 128 allowed",
    );
    check(trace("b", "0?", &long), &["--max-tokens", "50"], "has 203 tokens, more than the 50 allowed");
    let chat = json!({ "id": "c", "prompt": [{ "role": "user", "content": "0?" }], "completion": "1" });
    check(format!("{good}{chat}\n"), &[], "data.jsonl` row 2: trace `c` cannot be encoded: chat template: ");
    let outcome = sft(&checkpoint, "no/such.jsonl", "run", &[]);
    assert!(outcome.stderr.contains("cannot read `no/such.jsonl`: "), "{}", outcome.stderr);
    let data = checkpoint.file("data.jsonl", good + &trace("b", "0?", &long));
    let outcome = sft(&checkpoint, &data, "run", &["--skip-long", "--epochs", "1"]);
    assert_eq!(outcome.answers()[0]["traces"], 1);
    assert!(outcome.stderr.starts_with("1 of 2 traces are too long and left out"), "{}", outcome.stderr);
}

#[test]
fn a_template_that_raises_is_named_by_file_and_row() {
    let checkpoint = Checkpoint::new();
    let template = "{{ raise_exception('only one question') }}";
    fs::write(checkpoint.path("chat_template.jinja"), template).unwrap();
    let chat = json!({ "id": "c", "prompt": [{ "role": "user", "content": "0?" }], "completion": "1" });
    let data = checkpoint.file("data.jsonl", trace("a", "0?", "1") + &chat.to_string());
    let outcome = sft(&checkpoint, &data, "run", &[]);
    assert_eq!((outcome.status, outcome.stderr.lines().count()), (1, 1), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("data.jsonl` row 2: trace `c` cannot be encoded: chat template: "));
    assert!(outcome.stderr.contains("only one question"), "{}", outcome.stderr);
}
