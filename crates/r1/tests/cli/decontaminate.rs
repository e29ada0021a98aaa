//! What evaluation sets ask is found in training data and dropped, and nothing else is.

use std::{fs, path::Path};

use serde_json::{Value, json};

use crate::{r1, refused};

fn lines(rows: &[Value]) -> String {
    rows.iter().map(|row| format!("{row}\n")).collect()
}

/// Writes a file and returns its path.
fn file(folder: &Path, name: &str, content: impl AsRef<[u8]>) -> String {
    let path = folder.join(name);
    fs::write(&path, content).unwrap();
    path.to_str().unwrap().to_owned()
}

const QUESTION: &str = "A tank holds 90 litres and loses 7 litres in every hour. When is it empty?";

fn gsm8k(question: &str) -> Value {
    json!({"question": question, "answer": "Think.\n#### 13"})
}

#[test]
fn planted_copies_are_dropped_and_named() {
    let folder = tempfile::tempdir().unwrap();
    let copy = format!("Maths! {}", QUESTION.to_uppercase().replace("90", "$90$"));
    let train = [gsm8k("How many legs have 7 cows?"), gsm8k(&copy), gsm8k("How many wheels have 7 cars?")];
    let data = file(folder.path(), "train.jsonl", lines(&train));
    let svamp = json!({"ID": "1", "Body": QUESTION, "Question": "Say when.", "Answer": 13.0});
    let against = [
        file(
            folder.path(),
            "a.jsonl",
            lines(&[gsm8k("Something else entirely is asked here, and nobody copied it.")]),
        ),
        file(folder.path(), "b.jsonl", lines(&[svamp])),
    ];
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (out, report) = (path("clean.jsonl"), path("report.json"));
    let arguments =
        ["decontaminate", "--data", &data, "--format", "gsm8k", "--against", &against[0], &against[1]];
    let outcome = r1(&[&arguments[..], &["--out", &out, "--report", &report]].concat(), "");
    let answer = &outcome.answers()[0];
    assert_eq!(
        (&answer["documents"], &answer["kept"], &answer["removed"]),
        (&json!(3), &json!(2), &json!(1))
    );
    assert_eq!((&answer["sets"][0]["removed"], &answer["sets"][1]["removed"]), (&json!(0), &json!(1)));

    let report: Value = serde_json::from_slice(&fs::read(report).unwrap()).unwrap();
    let removed = &report["removed"][0];
    assert_eq!(
        (&removed["id"], &removed["item"], &removed["set"]),
        (&json!("gsm8k-2"), &json!("svamp-1"), &json!(against[1]))
    );
    assert_eq!(removed["matched"].as_str().unwrap(), &copy[7..copy.len() - 1]);
    assert_eq!(removed["original"].as_str().unwrap(), &QUESTION[..QUESTION.len() - 1]);

    // What is left is read again, and is clean.
    let again = [
        "decontaminate",
        "--data",
        &out,
        "--against",
        &against[0],
        &against[1],
        "--out",
        &path("again.jsonl"),
    ];
    assert_eq!(r1(&again, "").answers()[0]["removed"], 0);
    assert_eq!(fs::read(path("again.jsonl")).unwrap(), fs::read(&out).unwrap());
    let kept = fs::read_to_string(&out).unwrap();
    assert!(kept.contains("legs") && kept.contains("wheels") && !kept.contains("TANK"));
}

#[test]
fn traces_are_searched_and_options_obeyed() {
    let folder = tempfile::tempdir().unwrap();
    let turns = |answer: &str| json!({"messages": [{"role": "user", "content": "Help."}, {"role": "assistant", "content": answer}]});
    let half = "It loses 7 litres in every hour. When is it dry? Then stop.";
    let data = file(
        folder.path(),
        "traces.jsonl",
        lines(&[turns(&format!("<think>{QUESTION}</think>")), turns(half)]),
    );
    let against = file(folder.path(), "test.jsonl", lines(&[gsm8k(QUESTION)]));
    let out = folder.path().join("clean.jsonl");
    let removed = |options: &[&str]| {
        let arguments = ["decontaminate", "--data", &data, "--format", "messages", "--against", &against];
        let outcome = r1(&[&arguments[..], &["--out", out.to_str().unwrap()], options].concat(), "");
        outcome.answers()[0]["removed"].clone()
    };
    assert_eq!(removed(&[]), 1);
    assert_eq!(removed(&["--ngram", "8"]), 2);
    assert_eq!(removed(&["--min-ngrams", "100"]), 0);
    assert_eq!(removed(&["--min-ngrams", "100", "--min-coverage", "0.9"]), 1);
    assert_eq!(removed(&["--stop-phrase", QUESTION]), 0);
}

#[test]
fn wrong_calls_and_files_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let good = file(folder.path(), "good.jsonl", lines(&[gsm8k(QUESTION)]));
    let bad = file(folder.path(), "bad.jsonl", lines(&[gsm8k(QUESTION), json!({"question": "?"})]));
    let out = folder.path().join("out.jsonl").to_str().unwrap().to_owned();
    let call = |data: &str, against: &str, options: &[&str], status: i32, part: &str| {
        let arguments = ["decontaminate", "--data", data, "--against", against, "--out", &out];
        refused(status, &[&arguments[..], options].concat(), &[part]);
    };
    call(&good, &good, &["--format", "xml"], 2, "`xml` is no format of problems; expected gsm8k");
    call(&good, &good, &["--ngram", "0"], 2, "the setting `ngram` is 0");
    call(&good, &good, &["--stop-phrase", "a few"], 2, "has `a few` with 2 words");
    call(&bad, &good, &[], 1, "bad.jsonl` line 2: missing field `answer`");
    call(&good, &bad, &[], 1, "bad.jsonl` line 2: missing field `answer`");
    call("no/such.jsonl", &good, &["--format", "gsm8k"], 1, "cannot read `no/such.jsonl`");
    call(&good, &good, &["--report", "no/such/report.json"], 1, "the folder `no/such` does not exist");
    refused(
        2,
        &["decontaminate", "--data", &good, "--out", &out],
        &["required arguments were not provided: --against"],
    );
    assert!(!Path::new(&out).exists());
}
