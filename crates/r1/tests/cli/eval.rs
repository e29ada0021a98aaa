//! `eval`: what it writes and what it refuses.

use std::fs;

use serde_json::{Value, json};

use crate::{Checkpoint, Outcome};

fn problems(count: usize) -> String {
    let line =
        |n: usize| json!({ "question": format!("{n} + 1?"), "answer": format!("Easy.\n#### {}", n + 1) });
    (0..count).map(|n| line(n).to_string() + "\n").collect()
}

fn eval(checkpoint: &Checkpoint, data: &str, arguments: &[&str]) -> Outcome {
    let out = checkpoint.path("report.json");
    let fixed = ["--data", data, "--out", out.to_str().unwrap(), "--max-tokens", "8", "--overwrite"];
    checkpoint.r1("eval", &[&fixed, arguments].concat(), "")
}

fn refused(checkpoint: &Checkpoint, data: &str, arguments: &[&str], part: &str) {
    let outcome = eval(checkpoint, data, arguments);
    assert_eq!((outcome.status, outcome.stdout.len()), (1, 0), "{}", outcome.stderr);
    assert!(outcome.stderr.starts_with("error: ") && outcome.stderr.contains(part), "{}", outcome.stderr);
    assert_eq!(outcome.stderr.lines().count(), 1, "{}", outcome.stderr);
    assert!(
        !checkpoint.path("report.json").exists() && !checkpoint.path("report.json.samples.jsonl").exists()
    );
}

#[test]
fn the_report_and_the_samples_are_written_and_printed() {
    let checkpoint = Checkpoint::new();
    let data = checkpoint.file("data.jsonl", problems(5));
    let arguments = ["--template", "plain", "--samples", "2", "--limit", "3", "--seed", "1"];
    let outcome = eval(&checkpoint, &data, &arguments);
    let printed = outcome.answers().remove(0);
    let report = fs::read(checkpoint.path("report.json")).unwrap();
    assert_eq!(serde_json::from_slice::<Value>(&report).unwrap(), printed);
    assert_eq!((&printed["problems"], &printed["samples"]), (&json!(3), &json!(2)));
    for name in
        ["pass_at_1", "pass_at_1_stderr", "consensus", "format", "truncated", "mean_completion_tokens"]
    {
        assert!(printed[name].is_number(), "{name}");
    }
    assert!(printed["pass_at_k"]["2"].is_number());
    let samples = fs::read(checkpoint.path("report.json.samples.jsonl")).unwrap();
    let rows: Vec<Value> = samples
        .split_inclusive(|byte| *byte == b'\n')
        .map(|row| serde_json::from_slice(row).unwrap())
        .collect();
    assert_eq!(rows.len(), 6);
    assert_eq!((&rows[5]["id"], &rows[5]["prompt"]), (&json!("gsm8k-3"), &json!("2 + 1?")));
    // The same seed gives the same bytes, whether the format is told or guessed.
    let again = eval(&checkpoint, &data, &[&arguments[..], &["--format", "gsm8k"]].concat());
    assert_eq!(again.stdout, outcome.stdout);
    assert_eq!(fs::read(checkpoint.path("report.json")).unwrap(), report);
    assert_eq!(fs::read(checkpoint.path("report.json.samples.jsonl")).unwrap(), samples);
}

#[test]
fn a_chat_template_is_used_where_there_is_one() {
    let checkpoint = Checkpoint::new().with_chat();
    let data = checkpoint.file("data.jsonl", problems(1));
    eval(&checkpoint, &data, &[]).answers();
    let row: Value =
        serde_json::from_slice(&fs::read(checkpoint.path("report.json.samples.jsonl")).unwrap()).unwrap();
    assert_eq!(row["prompt"], json!([{ "role": "user", "content": "0 + 1?" }]));
    let plain = Checkpoint::new();
    refused(
        &plain,
        &data,
        &["--template", "chat"],
        "has no chat template; choose --template plain or r1-zero",
    );
}

/// The samples beside the report.
fn rows(checkpoint: &Checkpoint) -> Vec<Value> {
    let samples = fs::read_to_string(checkpoint.path("report.json.samples.jsonl")).unwrap();
    samples.lines().map(|row| serde_json::from_str(row).unwrap()).collect()
}

#[test]
fn a_benchmark_brings_prompt_sampling_and_grading_and_stores_them_beside_every_sample() {
    let checkpoint = Checkpoint::new().with_chat();
    let data = checkpoint.file("data.jsonl", problems(2));
    let outcome = eval(&checkpoint, &data, &["--benchmark", "gsm8k"]);
    let report = outcome.answers().remove(0);
    assert_eq!(
        outcome.stderr.lines().next(),
        Some(&*format!("warning: gsm8k has 1319 problems; `{data}` has 2"))
    );
    assert_eq!((&report["samples"], &report["grader"]), (&json!(4), &json!("accuracy")));
    let rows = rows(&checkpoint);
    assert_eq!(rows.len(), 8);
    let directive = "Please reason step by step, and put your final answer within \\boxed{}.";
    for row in &rows {
        assert_eq!(row["template"], json!({ "directed": { "directive": directive } }));
        assert_eq!(row["grader"], "accuracy");
        assert_eq!(
            (&row["provenance"]["benchmark"], &row["provenance"]["mode"]),
            (&json!("gsm8k"), &json!("strict"))
        );
        let sampling = &row["sampling"];
        let rounded = |name: &str| (sampling[name].as_f64().unwrap() * 100.0).round();
        // What the call says goes before the benchmark.
        assert_eq!(
            (rounded("temperature"), rounded("top_p"), &sampling["max_tokens"]),
            (60.0, 95.0, &json!(8))
        );
    }
    assert_eq!(rows[0]["prompt"], json!([{ "role": "user", "content": format!("0 + 1?\n{directive}") }]));
    // Another prompt, and fewer samples.
    let arguments = ["--benchmark", "gsm8k", "--template", "plain", "--samples", "1", "--mode", "lenient"];
    eval(&checkpoint, &data, &arguments).answers();
    let row = self::rows(&checkpoint).remove(0);
    assert_eq!((&row["prompt"], &row["provenance"]["mode"]), (&json!("0 + 1?"), &json!("lenient")));
    crate::refused(
        2,
        &["eval", "--model", "m", "--data", "d", "--out", "o", "--benchmark", "chess"],
        &["`chess` is no benchmark; expected aime24, aime25, math500, gsm8k, svamp, mgsm_zh"],
    );
}

#[test]
fn procedural_tasks_are_graded_by_their_verifiers_and_have_tables() {
    let checkpoint = Checkpoint::new();
    let lines = r1::tasks::all().into_iter().filter(|task| ["maze", "gcd"].contains(&task.name()));
    let lines: Vec<String> = lines
        .flat_map(|task| r1::tasks::held_out(task.as_ref(), 1, 2, 1))
        .map(|problem| serde_json::to_string(&problem).unwrap())
        .collect();
    let data = checkpoint.file("data.jsonl", lines.join("\n"));
    let report = eval(&checkpoint, &data, &["--grader", "task", "--template", "plain"]).answers().remove(0);
    assert_eq!(
        (&report["problems"], &report["abstained"], &report["grader"]),
        (&json!(4), &json!(0), &json!("task"))
    );
    let tables = report["tables"].as_array().unwrap();
    let names: Vec<&Value> = tables.iter().map(|table| &table["by"]).collect();
    assert_eq!(names, ["task", "level", "task/level"]);
    assert_eq!(tables[2]["rows"][1]["value"], json!(["maze", 1]));
    // The math verifier does not know what a way through a maze is.
    let report = eval(&checkpoint, &data, &["--template", "plain"]).answers().remove(0);
    assert_eq!((&report["problems"], &report["abstained"]), (&json!(2), &json!(2)));
}

#[test]
fn a_malformed_line_of_the_data_is_named() {
    let checkpoint = Checkpoint::new();
    let data = checkpoint.file("data.jsonl", problems(16) + "{\"question\": \"17?\",\n" + &problems(1));
    refused(&checkpoint, &data, &[], "data.jsonl` line 17: malformed JSON at column 19");
    let data =
        checkpoint.file("data.jsonl", problems(16) + "{\"question\": \"17?\", \"answer\": \"none\"}\n");
    refused(
        &checkpoint,
        &data,
        &["--format", "gsm8k"],
        "data.jsonl` line 17: the answer does not end with `#### n`",
    );
}

#[test]
fn data_without_problems_is_refused() {
    let checkpoint = Checkpoint::new();
    let data = checkpoint.file("data.jsonl", "\n \n");
    refused(&checkpoint, &data, &["--format", "gsm8k"], "the data set is empty; check the file");
    refused(&checkpoint, &data, &[], "the data set is empty; check the file");
    let data = checkpoint.file("data.jsonl", problems(2));
    refused(&checkpoint, &data, &["--limit", "0"], "there are no problems to evaluate");
    refused(&checkpoint, "no/such.jsonl", &[], "cannot read `no/such.jsonl`: No such file");
    let data = checkpoint.file("data.jsonl", "{\"q\": 1}");
    refused(&checkpoint, &data, &[], "the layout cannot be told by the columns q");
}

#[test]
fn a_prompt_that_does_not_fit_is_named_by_its_problem() {
    let checkpoint = Checkpoint::new();
    let data = checkpoint.file("data.jsonl", problems(2));
    refused(
        &checkpoint,
        &data,
        &["--template", "r1-zero"],
        "the prompt of problem `gsm8k-1` cannot be used: it has ",
    );
}

#[test]
fn a_report_that_cannot_be_written_is_told_before_the_work() {
    let checkpoint = Checkpoint::new();
    let data = checkpoint.file("data.jsonl", problems(2));
    let check = |out: &str, part: &str| {
        let outcome = checkpoint.r1("eval", &["--data", &data, "--out", out], "");
        assert_eq!((outcome.status, outcome.stderr.lines().count()), (1, 1), "{}", outcome.stderr);
        assert!(outcome.stderr.contains(part), "{}", outcome.stderr);
    };
    check("no/such/report.json", "cannot write `no/such/report.json`: the folder `no/such` does not exist");
    check(checkpoint.dir(), "it is a folder; give a file");
}
