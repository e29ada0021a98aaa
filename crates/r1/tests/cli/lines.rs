//! `generate` and `logprobs`, line by line.

use serde_json::{Value, json};

use crate::Checkpoint;

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
}

fn ids(value: &Value) -> Vec<u64> {
    value.as_array().unwrap().iter().map(|id| id.as_u64().unwrap()).collect()
}

#[test]
fn logprobs_agree_with_those_of_generate() {
    let checkpoint = Checkpoint::new();
    let prompt: Vec<u64> = checkpoint_prompt();
    let input = json!({ "ids": prompt }).to_string();
    for arguments in [["--temperature", "1", "--samples", "3"], ["--temperature", "0", "--samples", "1"]] {
        let arguments = [&arguments[..], &["--max-tokens", "40"]].concat();
        let answer = checkpoint.r1("generate", &arguments, &input).answers().remove(0);
        for completion in answer["completions"].as_array().unwrap() {
            let written = ids(&completion["ids"]);
            let whole = [prompt.clone(), written.clone()].concat();
            let scores =
                checkpoint.r1("logprobs", &[], json!({ "ids": whole }).to_string()).answers().remove(0);
            let (scored, greedy) = (numbers(&scores["logprobs"]), ids(&scores["greedy"]));
            assert_eq!((scored.len(), greedy.len()), (whole.len() - 1, whole.len()));
            let generated = numbers(&completion["logprobs"]);
            for (a, b) in generated.iter().zip(&scored[prompt.len() - 1..]) {
                assert!((a - b).abs() < 1e-5, "{a} {b}");
            }
            if arguments.contains(&"0") {
                assert_eq!(greedy[prompt.len() - 1..greedy.len() - 1], written);
            }
        }
    }
}

fn checkpoint_prompt() -> Vec<u64> {
    (0..12).map(|index| (index * 7 + 3) % 96).collect()
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_does_not() {
    let checkpoint = Checkpoint::new();
    let input = "{\"prompt\":\"one\"}\n{\"prompt\":\"two words\"}";
    let run = |seed: &str| {
        let arguments = ["--seed", seed, "--samples", "2", "--max-tokens", "20", "--top-p", "0.9"];
        let outcome = checkpoint.r1("generate", &arguments, input);
        assert_eq!(outcome.status, 0, "{}", outcome.stderr);
        outcome
    };
    let (first, again, other) = (run("7"), run("7"), run("8"));
    assert_eq!(first.stdout, again.stdout);
    assert_ne!(first.stdout, other.stdout);
    for answer in first.lines() {
        let completions = answer["completions"].as_array().unwrap();
        assert_eq!(completions.len(), 2);
        for completion in completions {
            let count = completion["ids"].as_array().unwrap().len();
            assert_eq!(numbers(&completion["logprobs"]).len(), count);
            assert_eq!(numbers(&completion["sampled_logprobs"]).len(), count);
            assert!(["stop", "length"].contains(&completion["finish"].as_str().unwrap()));
        }
    }
}

#[test]
fn neither_order_nor_batch_changes_a_completion() {
    let checkpoint = Checkpoint::new();
    let prompts = ["a", "some longer prompt", "1 + 1 =", "The end."];
    let texts = |order: &[usize], batch: &str| -> Vec<(usize, String)> {
        let input: Vec<String> =
            order.iter().map(|index| json!({ "prompt": prompts[*index] }).to_string()).collect();
        let arguments = ["--seed", "3", "--max-tokens", "16", "--batch", batch];
        let answers = checkpoint.r1("generate", &arguments, input.join("\n")).answers();
        let text = |answer: &Value| answer["completions"][0]["text"].as_str().unwrap().to_owned();
        let mut texts: Vec<_> = order.iter().copied().zip(answers.iter().map(text)).collect();
        texts.sort();
        texts
    };
    let together = texts(&[0, 1, 2, 3], "64");
    assert_eq!(together, texts(&[2, 0, 3, 1], "64"));
    assert_eq!(together, texts(&[0, 1, 2, 3], "1"));
    assert_eq!(together[1..2], texts(&[1], "1"));
}

#[test]
fn a_bad_line_is_named_and_the_others_are_answered() {
    let checkpoint = Checkpoint::new();
    let input =
        b"{\"ids\":[1,2,3]}\n\nnot json\n{\"ids\":[1,\n{\"text\":\"abc\"}\n{\"ids\":[96]}\n{\"ids\":[]}\n\
                  {\"ids\":[-1]}\n{\"text\":\"\xff\"}\n{\"ids\":[1],\"text\":\"a\"}\n{}\n{\"ids\":[5]}";
    let outcome = checkpoint.r1("logprobs", &[], input);
    assert_eq!(outcome.status, 1);
    let answers = outcome.lines();
    assert_eq!(answers.len(), 3);
    assert_eq!(answers[2]["logprobs"], json!([]));
    assert_eq!(ids(&answers[2]["greedy"]).len(), 1);
    let expected = [
        "line 3 of standard input: `not json` is no JSON object; give one a line",
        "line 4 of standard input: malformed JSON at column 10: EOF while parsing a value",
        "line 6 of standard input: token id 96 lies outside the vocabulary of 96",
        "line 7 of standard input: there is no token in it; give at least one",
        "line 8 of standard input: invalid value: integer `-1`, expected u32",
        "line 9 of standard input: not UTF-8 from byte 10",
        "line 10 of standard input: give either `ids` or `text`",
        "line 11 of standard input: give either `ids` or `text`",
    ];
    let found: Vec<&str> = outcome.stderr.lines().map(|line| line.strip_prefix("error: ").unwrap()).collect();
    assert_eq!(found, expected);
}

#[test]
fn a_prompt_longer_than_the_context_is_named() {
    let checkpoint = Checkpoint::new();
    let input = format!("{{\"prompt\":\"{}\"}}\n{{\"prompt\":\"short\"}}", "x".repeat(128));
    let outcome = checkpoint.r1("generate", &["--max-tokens", "4"], &input);
    assert_eq!((outcome.status, outcome.lines().len()), (1, 1));
    let expected = "error: line 1 of standard input: it has 128 tokens, more than the 127 that the model's context of 128";
    assert!(outcome.stderr.starts_with(expected), "{}", outcome.stderr);
    // All of the context can be scored.
    let line = |count: usize| json!({ "ids": vec![5; count] }).to_string();
    let outcome = checkpoint.r1("logprobs", &[], line(128) + "\n" + &line(129));
    assert_eq!((outcome.status, outcome.lines().len()), (1, 1));
    assert!(outcome.stderr.contains("line 2 of standard input: it has 129 tokens, more than the 128"));
}

#[test]
fn a_completion_ends_where_the_context_does() {
    let checkpoint = Checkpoint::new();
    let input = json!({ "ids": vec![5; 120] }).to_string();
    let arguments = ["--temperature", "0", "--max-tokens", "100000"];
    let completion =
        checkpoint.r1("generate", &arguments, input).answers().remove(0)["completions"][0].take();
    assert!(completion["ids"].as_array().unwrap().len() <= 8, "{completion}");
}

#[test]
fn chat_wraps_a_prompt_as_a_turn_of_the_user() {
    let checkpoint = Checkpoint::new().with_chat();
    let input = "{\"prompt\":\"Hi\"}\n{\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}";
    let arguments = ["--max-tokens", "8", "--temperature", "0"];
    let chat = checkpoint.r1("generate", &[&arguments[..], &["--chat"]].concat(), input).answers();
    let plain = checkpoint.r1("generate", &arguments, "{\"prompt\":\"user: Hi\\nassistant:\"}").answers();
    assert_eq!((&chat[0], &chat[1]), (&plain[0], &plain[0]));
}

#[test]
fn chat_is_refused_where_it_cannot_be() {
    let checkpoint = Checkpoint::new();
    let outcome = checkpoint.r1("generate", &["--chat"], "{\"prompt\":\"Hi\"}");
    assert_eq!((outcome.status, outcome.stdout.len()), (1, 0));
    assert!(outcome.stderr.contains("has no chat template; leave out --chat"), "{}", outcome.stderr);
    let outcome = checkpoint.r1("generate", &[], "{\"messages\":[]}\n{\"prompt\":\"\"}");
    assert_eq!((outcome.status, outcome.stdout.len()), (1, 0));
    assert!(outcome.stderr.contains("line 1 of standard input: `messages` need the option --chat"));
    assert!(outcome.stderr.contains("line 2 of standard input: there is no token in it"));
}

#[test]
fn no_input_gives_no_output() {
    let checkpoint = Checkpoint::new();
    for command in ["generate", "logprobs"] {
        let outcome = checkpoint.r1(command, &[], "\n\n");
        assert_eq!((outcome.status, outcome.stdout.len(), outcome.stderr.as_str()), (0, 0, ""));
    }
}
