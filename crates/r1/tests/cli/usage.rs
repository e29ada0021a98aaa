//! Wrong calls end with status 2 and one sentence; help and version with status 0.

use crate::{Checkpoint, r1, refused};

#[test]
fn unknown_commands_and_options_are_named() {
    refused(2, &["frobnicate"], &["unrecognized subcommand 'frobnicate'; see `r1 --help`"]);
    refused(2, &["grade", "--mood", "strict"], &["unexpected argument '--mood' found"]);
    refused(2, &["grade", "--mode", "kind"], &["invalid value 'kind'", "strict, anchored, lenient"]);
    refused(2, &["generate"], &["required arguments were not provided: --model <DIR>"]);
    refused(
        2,
        &["eval", "--model", "m", "--data", "d", "--out", "o", "--format", "xml"],
        &["`xml` is no format of problems; expected gsm8k"],
    );
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
