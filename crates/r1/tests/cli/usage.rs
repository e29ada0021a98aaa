//! Wrong calls end with status 2 and one sentence; help and version with status 0.

use crate::{Checkpoint, r1, refused};

#[test]
fn unknown_commands_and_options_are_named() {
    refused(2, &["frobnicate"], &["there is no command `frobnicate`; see `r1 --help`"]);
    refused(2, &["grade", "--mood", "strict"], &["unexpected argument '--mood' found"]);
    refused(2, &["grade", "--mode", "kind"], &["invalid value 'kind'", "strict, anchored, lenient"]);
    refused(2, &["generate"], &["required arguments were not provided: --model <DIR|GGUF>"]);
    refused(
        2,
        &["eval", "--model", "m", "--data", "d", "--out", "o", "--format", "xml"],
        &["`xml` is no format of problems; expected gsm8k"],
    );
}

#[test]
fn a_command_that_is_not_there_is_suggested_by_its_meaning() {
    let check = |word: &str, meant: &str| {
        refused(
            2,
            &[word],
            &[&format!("there is no command `{word}`; `r1 {meant}` may be meant; see `r1 --help`")],
        );
    };
    check("talk", "chat");
    check("predict", "generate");
    check("bench", "eval");
    check("evaluate", "eval");
    check("score", "logprobs");
    check("verify", "grade");
    check("export", "convert");
    check("genrate", "generate");
    check("decontaminte", "decontaminate");
    let rl = r1(&["grpo-ish"], "");
    assert!(rl.status == 2 && !rl.stderr.contains("logprobs"), "{}", rl.stderr);
    for word in ["", "\n", "é", "--", "0"] {
        let outcome = r1(&[word], "");
        assert_eq!((outcome.status, outcome.stdout.len()), (2, 0), "{word:?}: {}", outcome.stderr);
    }
}

#[test]
fn a_wrong_call_points_to_the_help_of_its_command() {
    refused(2, &["eval", "--mdoel", "m"], &["see `r1 eval --help`"]);
    refused(2, &["run-code", "--nothing"], &["see `r1 run-code --help`"]);
    refused(2, &["--nothing"], &["see `r1 --help`"]);
    refused(2, &["completions", "tcsh"], &["see `r1 completions --help`"]);
}

#[test]
fn the_help_begins_where_a_newcomer_does_and_names_every_command() {
    let help = String::from_utf8(r1(&["--help"], "").stdout).unwrap();
    let place = |part: &str| help.find(part).unwrap_or_else(|| panic!("`{part}` is missing in {help}"));
    assert!(place("Train and measure:") < place("\n  eval "));
    assert!(place("\n  eval ") < place("\n  compare ") && place("\n  compare ") < place("\n  grade "));
    for command in [
        "logprobs",
        "generate",
        "grade",
        "eval",
        "compare",
        "reject",
        "sft",
        "decontaminate",
        "run-code",
        "convert",
        "problems",
        "plan",
        "completions",
        "man",
    ] {
        assert_eq!(help.matches(&format!("\n  {command} ")).count(), 1, "{command}: {help}");
        let own = String::from_utf8(r1(&[command, "--help"], "").stdout).unwrap();
        assert!(own.contains(&format!("Usage: r1 {command}")), "{own}");
    }
    assert!(help.contains("Options:") && help.contains("Examples:") && help.contains("Usage: r1"), "{help}");
}

#[test]
fn completions_and_manual_are_made_of_the_same_commands() {
    for (shell, part) in [("bash", "complete -F _r1"), ("zsh", "#compdef r1"), ("fish", "complete -c r1")] {
        let script = String::from_utf8(r1(&["completions", shell], "").stdout).unwrap();
        for part in [part, "decontaminate", "overwrite"] {
            assert!(script.contains(part), "{shell}: {part}");
        }
    }
    let page = |arguments: &[&str]| String::from_utf8(r1(arguments, "").stdout).unwrap();
    assert!(page(&["man"]).contains(".TH r1 1"), "{}", page(&["man"]));
    assert!(page(&["man"]).contains("compare"));
    let eval = page(&["man", "eval"]);
    assert!(
        eval.contains(".TH r1-eval 1") && eval.contains("overwrite") && eval.contains("grades and counts")
    );
    refused(2, &["man", "nothing"], &["there is no command `nothing`; `r1 --help` lists them"]);
}

#[test]
fn sampling_out_of_range_is_refused_before_the_model_is_read() {
    let check = |option: &str, value: &str, part: &str| {
        refused(2, &["generate", "--model", "no/such", option, value], &[part]);
        refused(2, &["eval", "--model", "no/such", "--data", "x", "--out", "y", option, value], &[part]);
    };
    check("--temperature", "-0.5", "temperature is -0.5; expected a finite number of at least 0");
    check("--temperature", "nan", "temperature is NaN");
    check("--temperature", "warm", "invalid value 'warm' for '--temperature <T>'");
    check("--top-p", "0", "top_p is 0; expected more than 0 and at most 1");
    check("--top-p", "1.5", "top_p is 1.5");
    check("--top-k", "0", "top_k is 0; expected at least 1");
    check("--max-tokens", "0", "max_tokens is 0; expected at least 1");
    check("--samples", "0", "invalid value '0' for '--samples <K>'");
    check("--seed", "-1", "invalid value '-1' for '--seed <S>'");
}

#[test]
fn help_shows_examples() {
    for command in ["logprobs", "generate", "grade", "eval", "compare", "reject", "sft", "decontaminate"] {
        let outcome = r1(&[command, "--help"], "");
        assert_eq!((outcome.status, outcome.stderr.as_str()), (0, ""));
        assert!(String::from_utf8(outcome.stdout).unwrap().contains("Example"), "{command}");
    }
    let version = r1(&["--version"], "");
    assert_eq!(version.stdout, format!("r1 {}\n", env!("CARGO_PKG_VERSION")).into_bytes());
    assert_eq!(r1(&[], "").status, 2);
}

#[test]
fn an_unknown_device_is_named() {
    let checkpoint = Checkpoint::new();
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_r1"))
        .args(["logprobs", "--model", checkpoint.dir()])
        .env("R1_DEVICE", "abacus")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(stderr.starts_with("error: device `abacus` is not available; this build has "), "{stderr}");
}
