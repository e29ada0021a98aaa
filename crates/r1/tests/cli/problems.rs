//! `r1 problems`: files of problems that the other commands read.

use std::collections::HashSet;

use r1::core::Problem;
use r1::tasks::{self as task, is_held_out};

use crate::{r1, refused};

fn problems(arguments: &[&str]) -> Vec<Problem> {
    let outcome = r1(&[&["problems"], arguments].concat(), "");
    outcome.answers().into_iter().map(|line| serde_json::from_value(line).unwrap()).collect()
}

#[test]
fn training_and_held_out_problems_never_coincide() {
    let of = |held: &[&str]| {
        problems(&[&["--task", "chained_arithmetic", "--task", "coin_flip", "--count", "60"], held].concat())
    };
    let (train, test) = (of(&[]), of(&["--held-out"]));
    assert!(train.iter().all(|problem| !is_held_out(&problem.question)));
    assert!(test.iter().all(|problem| is_held_out(&problem.question)));
    for list in [&train, &test] {
        assert_eq!(list.len(), 60);
        assert_eq!(list.iter().map(|problem| &problem.id).collect::<HashSet<_>>().len(), 60);
        let names: HashSet<_> = list.iter().map(|problem| problem.metadata["task"].to_string()).collect();
        assert_eq!(names.len(), 2);
    }
    assert_eq!(of(&[]), train);
    assert_ne!(of(&["--seed", "1"]), train);
}

#[test]
fn the_tasks_are_listed_with_their_levels() {
    let listed = r1(&["problems", "--list"], "").answers();
    assert_eq!(listed.len(), task::all().len());
    assert!(listed.iter().any(|line| line["task"] == "maze" && line["levels"].as_u64() > Some(1)));
}

#[test]
fn what_a_small_level_lacks_is_said() {
    let outcome = r1(&["problems", "--task", "products", "--count", "100000", "--held-out"], "");
    assert_eq!(outcome.status, 0);
    assert!(outcome.stderr.starts_with("warning: there are only "), "{}", outcome.stderr);
}

#[test]
fn unknown_tasks_and_levels_are_refused() {
    refused(2, &["problems", "--task", "telepathy"], &["no task `telepathy`; expected echo, "]);
    refused(2, &["problems", "--task", "chain_arithmetic"], &["did you mean `chained_arithmetic`?"]);
    refused(2, &["problems", "--task", "maze", "--level", "99"], &["maze has the levels 1 to "]);
    refused(2, &["problems"], &["--task"]);
}
