//! Patches of a small repository in two languages, in every set of layers.

#![cfg(all(feature = "code", target_os = "linux"))]

mod code;

use std::{fs, path::Path};

use code::{as_nobody, is_root, layer_sets};
use r1_core::{Completion, FinishReason, Problem, Reference};
use r1_rewards::{Outcome, Reward, RewardError, code::*};
use serde_json::{Value, json};

// In the binary, because an ordinary user may not read where it was built.
const TASK: &str = include_str!("../examples/repository/task.json");
const FIX: &str = include_str!("../examples/repository/fix.patch");
const FILES: [(&str, &str); 4] = [
    ("words.py", include_str!("../examples/repository/before/words.py")),
    ("words.js", include_str!("../examples/repository/before/words.js")),
    ("test_words.py", include_str!("../examples/repository/before/test_words.py")),
    ("test_words.js", include_str!("../examples/repository/before/test_words.js")),
];

/// The folder of the task, and what it says.
fn task() -> (tempfile::TempDir, Value) {
    let root = tempfile::tempdir().unwrap();
    fs::create_dir(root.path().join("before")).unwrap();
    for (name, content) in FILES {
        fs::write(root.path().join("before").join(name), content).unwrap();
    }
    (root, serde_json::from_str(TASK).unwrap())
}

fn new_file(name: &str, lines: &[&str]) -> String {
    let body: String = lines.iter().map(|line| format!("+{line}\n")).collect();
    format!("--- /dev/null\n+++ b/{name}\n@@ -0,0 +1,{} @@\n{body}", lines.len())
}

#[test]
fn patches_get_a_verdict_by_test() {
    let (root, spec) = task();
    let task = RepositoryTask::load(&spec, root.path()).unwrap();
    for (layers, judge) in layer_sets() {
        judge.check_repository(&task, FIX).unwrap_or_else(|error| panic!("{layers:?}: {error}"));
        // One language alone turns its own tests.
        let half = &FIX[..FIX.find("--- a/words.js").unwrap()];
        let judgement = judge.judge_patch(&task, half).unwrap();
        assert_eq!(judgement.verdict, Verdict::WrongAnswer, "{judgement:?}");
        assert_eq!(judgement.tests["test_lines (test_words.Count)"], TestStatus::Passed);
        assert_eq!(judgement.tests["lines"], TestStatus::Failed);
        assert_eq!(judgement.tests["words"], TestStatus::Passed);
        // What does not apply, ends, loops, forks without end, or breaks the other tests.
        for (patch, verdict) in [
            ("no patch".to_owned(), Verdict::CompileError),
            (FIX.replace("counts = {}", "counts = []"), Verdict::CompileError),
            (
                format!("{FIX}{}", new_file("words/__init__.py", &["raise SystemExit(0)"])),
                Verdict::WrongAnswer,
            ),
            (new_file("sitecustomize.py", &["import os", "os.fork"]), Verdict::WrongAnswer),
            (new_file("unittest.py", &["while True: pass"]), Verdict::TimeLimit),
            (
                new_file(
                    "unittest.py",
                    &[
                        "import os, sys",
                        "for i in range(10000):",
                        "    try: os.fork()",
                        "    except OSError: sys.exit(1)",
                    ],
                ),
                Verdict::WrongAnswer,
            ),
        ] {
            let mut task = task.clone();
            task.limits = task
                .limits
                .with_cpu(std::time::Duration::from_secs(2))
                .with_wall(std::time::Duration::from_secs(20));
            let judgement = judge.judge_patch(&task, &patch).unwrap();
            assert_eq!(judgement.verdict, verdict, "{layers:?} {patch}: {judgement:?}");
        }
        // The tests of the task are put over those of the patch.
        let cheat = "--- a/test_words.js\n+++ b/test_words.js\n@@ -1,1 +1,2 @@\n+console.log('ok 1 - lines\\nok 2 - words'); process.exit(0);\n const assert = require(\"assert\");\n";
        let judgement = judge.judge_patch(&task, cheat).unwrap();
        assert_eq!(judgement.tests["lines"], TestStatus::Failed, "{layers:?}: {judgement:?}");
    }
}

#[test]
fn patches_get_a_verdict_by_test_for_an_ordinary_user() {
    if is_root() {
        as_nobody("patches_get_a_verdict_by_test");
    }
}

#[test]
fn the_reward_counts_tests_and_refuses_bad_tasks() {
    let (root, spec) = task();
    let problem = |spec: &Value| {
        Problem::new(
            "words",
            "Count words of lines, too.",
            Reference::Tests { tests: json!({"repository": spec}) },
        )
    };
    let answer = |text: &str| Completion::from_text(format!("<think></think>{text}"), FinishReason::Stop);
    let reward = RepositoryReward::new(Judge::new().unwrap(), root.path()).with_scheme(Scheme::Fraction);
    let score = |text: &str| reward.score(&problem(&spec), &answer(text)).unwrap();
    assert_eq!(score(&format!("So:\n```diff\n{FIX}```\n")), Outcome::Score(1.0));
    assert_eq!(score(FIX), Outcome::Score(1.0));
    assert_eq!(score("I do not know."), Outcome::Score(0.0));
    let half = &FIX[..FIX.find("--- a/words.js").unwrap()];
    assert_eq!(score(half), Outcome::Score(0.75));
    for (field, value) in [
        ("folder", json!("nowhere")),
        ("commands", json!([])),
        ("fail_to_pass", json!(7)),
        ("languages", json!(["cobol"])),
        ("overlay", json!({"../x": ""})),
        ("odd", json!(1)),
    ] {
        let mut spec = spec.clone();
        spec[field] = value;
        let error = reward.score(&problem(&spec), &answer(FIX)).unwrap_err();
        assert!(matches!(error, RewardError::Ungradable { .. }), "{field}: {error}");
    }
    let other = Problem::new("n", "1?", Reference::number("1"));
    assert_eq!(reward.score(&other, &answer("1")).unwrap(), Outcome::Abstain);
    assert!(!Path::new(&root.path().join("before/unittest.py")).exists());
}
