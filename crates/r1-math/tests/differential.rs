//! Our verdicts beside those of Math-Verify 0.9.0, on our two corpora. Optional: `R1_MATH_VERIFY` names a Python
//! that has `math-verify==0.9.0`; without it the test says that it did nothing.
//!
//! `R1_MATH_VERIFY=python3 cargo test --release -p r1-math --test differential -- --nocapture`
//!
//! Math-Verify may fail to accept what is equal; where it accepts what our corpus calls different, the pair
//! must stand in `cases/math_verify.toml`, reviewed.

use std::{
    collections::BTreeMap,
    env,
    io::Write,
    process::{Command, Stdio},
};

use r1_math::{Policy, compare};
use serde::Deserialize;

const SCRIPT: &str = r#"
import json, sys
from math_verify import parse, verify
for line in sys.stdin:
    gold, answer = json.loads(line)
    wrap = lambda text: text if "$" in text or "boxed" in text else "$" + text + "$"
    try:
        equal = bool(verify(parse(wrap(gold)), parse(wrap(answer))))
    except Exception:
        equal = False
    print("true" if equal else "false", flush=True)
"#;

#[derive(Deserialize)]
struct Section {
    #[serde(default)]
    equal: Vec<[String; 2]>,
    #[serde(default)]
    different: Vec<[String; 2]>,
}

/// Pairs that Math-Verify takes for equal and we do not.
#[derive(Deserialize)]
struct Reviewed {
    accepted: Vec<[String; 3]>,
}

/// Its verdicts, in order.
fn math_verify(python: &str, pairs: &[[String; 2]]) -> Vec<bool> {
    let mut child = Command::new(python)
        .args(["-c", SCRIPT])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap_or_else(|error| panic!("R1_MATH_VERIFY: `{python}` does not start: {error}"));
    let mut input = child.stdin.take().unwrap();
    let lines: String = pairs.iter().map(|pair| serde_json::to_string(pair).unwrap() + "\n").collect();
    // While it answers, so that neither waits for the other.
    let writer = std::thread::spawn(move || input.write_all(lines.as_bytes()));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().expect("math_verify is not installed there");
    let verdicts: Vec<bool> =
        String::from_utf8(output.stdout).unwrap().lines().map(|l| l == "true").collect();
    assert_eq!(verdicts.len(), pairs.len(), "math_verify did not answer every pair");
    verdicts
}

#[test]
fn disagreements_with_math_verify_are_reviewed() {
    let Ok(python) = env::var("R1_MATH_VERIFY") else {
        println!("skipped: R1_MATH_VERIFY names no Python that has math-verify 0.9.0");
        return;
    };
    let mut corpus: BTreeMap<String, toml::Value> = toml::from_str(include_str!("cases/math.toml")).unwrap();
    corpus.remove("contested");
    let second: BTreeMap<String, toml::Value> =
        toml::from_str(include_str!("cases/math_blind.toml")).unwrap();
    corpus.extend(second.into_iter().map(|(name, section)| (format!("second {name}"), section)));
    let reviewed: Reviewed = toml::from_str(include_str!("cases/math_verify.toml")).unwrap();
    let (mut right, mut total, mut refused) = (0, 0, 0);
    let mut unreviewed = Vec::new();
    for (name, section) in corpus {
        let section: Section = section.try_into().unwrap();
        let pairs: Vec<[String; 2]> = section.equal.iter().chain(&section.different).cloned().collect();
        for (at, (pair, theirs)) in pairs.iter().zip(math_verify(&python, &pairs)).enumerate() {
            let label = at < section.equal.len();
            let [gold, answer] = pair;
            assert_eq!(compare(gold, answer, &Policy::default()).equal, Some(label), "{gold} | {answer}");
            total += 1;
            right += usize::from(theirs == label);
            refused += usize::from(label && !theirs);
            let known = reviewed.accepted.iter().any(|[g, a, _]| g == gold && a == answer);
            if theirs && !label && !known {
                unreviewed.push(format!("{name}: ['{gold}', '{answer}', '']"));
            }
        }
    }
    println!(
        "Math-Verify: {right} of {total} as labelled, {refused} equal pairs refused, {} different pairs accepted",
        total - right - refused
    );
    assert!(unreviewed.is_empty(), "not reviewed:\n{}", unreviewed.join("\n"));
}
