//! The small form of the soundness harness: constants and mutants against a few references of every kind.
//! What is accepted must stand in `cases/soundness.toml`, where each pair was reviewed as a true equality.
//! The full form is `examples/soundness.rs`.

mod soundness;

use std::collections::BTreeSet;

use r1_math::{Policy, judge};
use serde::Deserialize;
use soundness::{Draw, constants, mutants};

/// Mutants of each reference.
const MUTANTS: usize = 40;

#[derive(Deserialize)]
struct Reviewed {
    golds: Vec<String>,
    accepted: Vec<[String; 2]>,
}

#[test]
fn only_reviewed_equalities_are_accepted() {
    let Reviewed { golds, accepted } = toml::from_str(include_str!("cases/soundness.toml")).unwrap();
    let reviewed: BTreeSet<[String; 2]> = accepted.into_iter().collect();
    let (constants, policy) = (constants(), Policy::default());
    assert!(constants.len() >= 200 && golds.len() >= 60);
    let mut unknown = Vec::new();
    for (at, gold) in golds.iter().enumerate() {
        let mutants = mutants(gold, &mut Draw(at as u64), MUTANTS);
        for answer in constants.iter().chain(&mutants) {
            let equal = judge(gold, answer, &policy, false).equal == Some(true);
            if equal && !reviewed.contains(&[gold.clone(), answer.clone()]) {
                unknown.push(format!("  ['{gold}', '{answer}'],"));
            }
        }
    }
    assert!(unknown.is_empty(), "{} accepted that nobody reviewed:\n{}", unknown.len(), unknown.join("\n"));
}

#[test]
fn verdicts_are_the_same_with_the_sides_exchanged() {
    // Policy tells the sides apart where an answer shows its way: `3\\times8=24` answers for 24, and 24 does not
    // answer for the statement.
    const STATEMENTS: [&str; 2] = [r"\log_6(216)=3", r"(10-8)\times8+8=24"];
    let Reviewed { golds, .. } = toml::from_str(include_str!("cases/soundness.toml")).unwrap();
    let policy = Policy::default();
    let equal = |a: &str, b: &str| judge(a, b, &policy, false).equal == Some(true);
    let plain = || golds.iter().filter(|gold| !STATEMENTS.contains(&gold.as_str()));
    for a in plain() {
        for b in plain() {
            assert_eq!(equal(a, b), equal(b, a), "{a} | {b}");
        }
    }
}

#[test]
fn spacing_and_order_change_no_verdict_of_a_long_list() {
    let fractions: Vec<String> = (1..=200).map(|k| format!("\\frac{{{k}}}{{{}}}", 2 * k + 1)).collect();
    let plain: Vec<String> = (1..=200).map(|k| format!("{k}/{}", 2 * k + 1)).collect();
    let policy = Policy::default();
    for items in [fractions, plain] {
        let turned: Vec<String> = items.iter().rev().cloned().collect();
        let mut steps = Vec::new();
        for (a, b) in [(",", ","), (", ", ","), (",", ", "), (", ", ", ")] {
            let judgement = judge(&items.join(a), &turned.join(b), &policy, false);
            assert_eq!(judgement.equal, Some(true), "{a:?} {b:?}");
            steps.push(judgement.steps);
        }
        assert!(steps.iter().all(|step| step.abs_diff(steps[0]) <= steps[0] / 4 + 100), "{steps:?}");
        let mut wrong = turned.clone();
        wrong[17] = "17".to_owned();
        for by in [",", ", "] {
            assert_eq!(judge(&items.join(", "), &wrong.join(by), &policy, false).equal, Some(false));
        }
    }
}
