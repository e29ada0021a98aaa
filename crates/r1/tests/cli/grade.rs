//! `grade`, line by line.

use std::{
    io::{BufRead, BufReader, Write},
    process::{Command, Stdio},
};

use serde_json::{Value, json};

use crate::r1;

fn line(id: impl Into<Value>, gold: &str, answer: &str) -> String {
    json!({ "id": id.into(), "gold": gold, "answer": answer }).to_string()
}

#[test]
fn verdicts_come_in_order_with_their_ids() {
    let input = [
        line("a", "3/4", "It is \\boxed{0.75}."),
        line(2, "$\\frac{3}{4}$", "<think>2</think><answer>2</answer>"),
        line(json!({ "row": 3 }), "", "\\boxed{1}"),
        line(Value::Null, "\\boxed{7}", "the answer is 7"),
    ];
    let verdicts = |mode: &[&str]| -> Vec<(Value, Value)> {
        let answers = r1(&[&["grade"], mode].concat(), input.join("\n")).answers();
        assert!(
            answers
                .iter()
                .all(|answer| answer["reason"].is_string() && answer.as_object().unwrap().len() == 3)
        );
        answers.iter().map(|answer| (answer["id"].clone(), answer["equal"].clone())).collect()
    };
    let mut expected = vec![
        (json!("a"), json!(true)),
        (json!(2), json!(false)),
        (json!({ "row": 3 }), Value::Null),
        (Value::Null, json!(false)),
    ];
    assert_eq!(verdicts(&[]), expected);
    assert_eq!(verdicts(&["--mode", "strict"]), expected);
    expected[3].1 = json!(true);
    assert_eq!(verdicts(&["--mode", "anchored"]), expected);
    assert_eq!(verdicts(&["--mode", "lenient"]), expected);
}

#[test]
fn bad_lines_are_named_and_the_others_are_graded() {
    let good = line(1, "2", "\\boxed{2}");
    let mut input = Vec::new();
    for bad in [
        b"{\"id\":0,\"gold\":\"2\"}".as_slice(),
        b"{\"id\":0,\"gold\":[2],\"answer\":\"2\"}",
        b"[1,\"2\",\"2\"]",
        b"{\"id\":0,\"gold\":\"\xc3\x28\",\"answer\":\"2\"}",
        b"{\"id\":0,\"gold\":\"2\",\"answer\":\"\\ud800\"}",
        b"\0",
    ] {
        input.extend([bad, b"\r\n", good.as_bytes(), b"\r\n"].concat());
    }
    let outcome = r1(&["grade"], input);
    assert_eq!(outcome.status, 1);
    assert_eq!(outcome.lines(), vec![json!({ "id": 1, "equal": true, "reason": "equal numbers" }); 6]);
    for (index, error) in outcome.stderr.lines().enumerate() {
        assert!(error.starts_with(&format!("error: line {} of standard input: ", 2 * index + 1)), "{error}");
    }
    assert_eq!(outcome.stderr.lines().count(), 6);
    assert!(
        outcome.stderr.contains("missing field `answer`")
            && outcome.stderr.contains("not UTF-8 from byte 17")
    );
}

#[test]
fn huge_lines_are_graded_in_time_linear_in_their_length() {
    let thoughts = "<think>".to_owned() + &"so {\\boxed{1} < ".repeat(1 << 20) + "</think>\\boxed{5}";
    let nested = "{".repeat(1 << 20) + "\\boxed{5}";
    let digits = format!("\\boxed{{{}}}", "9".repeat(1 << 20));
    let input = [line(1, "5", &thoughts), line(2, "5", &nested), line(3, "5", &digits)].join("\n");
    let verdicts: Vec<Value> =
        r1(&["grade"], input).answers().iter().map(|answer| answer["equal"].clone()).collect();
    assert_eq!(verdicts, [json!(true), json!(true), json!(false)]);
}

#[test]
fn each_line_is_answered_before_the_next_is_read() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_r1"))
        .arg("grade")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let (mut input, mut output) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
    for id in 0..3 {
        writeln!(input, "{}", line(id, "2", "\\boxed{2}")).unwrap();
        let mut answer = String::new();
        output.read_line(&mut answer).unwrap();
        assert_eq!(serde_json::from_str::<Value>(&answer).unwrap()["id"], id);
    }
    // A reader that goes away is no failure.
    drop(output);
    let _ = writeln!(input, "{}", line(9, "2", "\\boxed{2}"));
    drop(input);
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn a_file_is_graded_explained_and_counted() {
    let checkpoint = crate::Checkpoint::new();
    let rows = [
        r#"{"id":1,"gold":0.50,"answer":"so \\boxed{1/2\\text{ cm}}"}"#,
        r#"{"id":2,"gold":"7","answer":"the answer is 7"}"#,
    ];
    let file = checkpoint.file("answers.jsonl", rows.join("\n"));
    let outcome = r1(&["grade", &file, "--explain", "--stats"], "");
    let answers = outcome.answers();
    assert_eq!((&answers[0]["equal"], &answers[0]["extracted"]), (&json!(true), &json!("1/2\\text{ cm}")));
    assert_eq!(answers[0]["span"], json!([10, 23]));
    assert!(answers[0]["rung"].is_string() && answers[0]["steps"].as_u64().unwrap() > 0);
    assert!(answers[0]["dropped"].to_string().contains("cm"), "{}", answers[0]);
    assert_eq!((&answers[1]["equal"], &answers[1]["extracted"]), (&json!(false), &Value::Null));
    assert!(answers[1]["reason"].as_str().unwrap().contains("--mode anchored"), "{}", answers[1]);
    assert!(outcome.stderr.contains("no answer") && outcome.stderr.contains("equal"), "{}", outcome.stderr);
    for wrong in ["nan", "2", "-1", "x"] {
        crate::refused(2, &["grade", "--tolerance", wrong], &["relative error", "0.01"]);
    }
    crate::refused(1, &["grade", "no-such-file.jsonl"], &["no-such-file.jsonl"]);
}
