//! `compare`: what it finds and what it refuses.

use serde_json::{Value, json};

use crate::{Checkpoint, r1};

fn row(id: &str, sample: usize, correct: bool) -> Value {
    json!({
        "id": id, "sample": sample, "question": "?", "template": "plain", "prompt": "?",
        "reference": {"kind": "number", "text": "1"}, "completion": "", "tokens": 1, "finish": "stop",
        "answer": "1", "score": f32::from(u8::from(correct)), "correct": correct, "grader": "accuracy",
        "sampling": {}, "seed": 0,
    })
}

fn lines(rows: &[Value]) -> String {
    rows.iter().map(|row| format!("{row}\n")).collect()
}

#[test]
fn the_difference_and_the_flips_are_told() {
    let folder = Checkpoint::new();
    let a =
        folder.file("a.samples.jsonl", lines(&[row("p", 0, false), row("q", 0, true), row("r", 0, false)]));
    let b = folder.file("b.samples.jsonl", lines(&[row("q", 0, true), row("p", 0, true), row("s", 0, true)]));
    let found = r1(&["compare", &a, &b], "").answers().remove(0);
    assert_eq!((&found["problems"], &found["a"], &found["b"]), (&json!(2), &json!(0.5), &json!(1.0)));
    // The differences 1 and 0: s² = 1/2, so stderr = 1/2.
    assert_eq!((&found["difference"], &found["difference_stderr"]), (&json!(0.5), &json!(0.5)));
    assert_eq!(found["gained"], json!([{"id": "p", "a": 0.0, "b": 1.0}]));
    assert_eq!(
        (&found["lost"], &found["only_a"], &found["only_b"]),
        (&json!([]), &json!(["r"]), &json!(["s"]))
    );
    assert_eq!(r1(&["compare", &a, &b], "").stdout, r1(&["compare", &a, &b, "--seed", "0"], "").stdout);
}

#[test]
fn reports_stand_for_the_samples_beside_them() {
    let checkpoint = Checkpoint::new();
    let data = checkpoint.file(
        "data.jsonl",
        lines(&[
            json!({"question": "1 + 1?", "answer": "#### 2"}),
            json!({"question": "2 + 1?", "answer": "#### 3"}),
        ]),
    );
    let out = checkpoint.path("report.json");
    let out = out.to_str().unwrap();
    let arguments = ["--data", &data, "--out", out, "--template", "plain", "--max-tokens", "4"];
    checkpoint.r1("eval", &arguments, "").answers();
    let found = r1(&["compare", out, &format!("{out}.samples.jsonl")], "").answers().remove(0);
    assert_eq!((&found["problems"], &found["difference"]), (&json!(2), &json!(0.0)));
}

#[test]
fn files_that_cannot_be_compared_are_refused() {
    let folder = Checkpoint::new();
    let a = folder.file("a.jsonl", lines(&[row("p", 0, true)]));
    let check = |b: &str, part: &str| crate::refused(1, &["compare", &a, b], &[part]);
    check("no/such", "cannot read `no/such`");
    check(&folder.file("b.jsonl", lines(&[row("q", 0, true)])), "no problem was graded on both sides");
    check(&folder.file("c.jsonl", lines(&[row("p", 0, true), row("p", 0, true)])), "is there twice");
    check(
        &folder.file("d.jsonl", lines(&[row("p", 0, true)]) + "{}\n"),
        "d.jsonl` line 2: missing field `id`",
    );
    let mut other = row("p", 0, true);
    other["question"] = "!".into();
    check(&folder.file("e.jsonl", lines(&[other])), "problem `p` has two questions or references");
    crate::refused(2, &["compare", &a], &["required arguments were not provided: <B>"]);
}
