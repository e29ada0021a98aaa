//! The labelled pairs of `cases/math.toml`, `cases/math_blind.toml`, `cases/math_third.toml`,
//! `cases/math_hostile.toml` and `cases/math_pressure.toml`.

use std::collections::BTreeMap;

use r1_math::{Policy, compare};
use serde::Deserialize;

#[derive(Deserialize)]
struct Corpus {
    contested: Vec<Contested>,
    #[serde(flatten)]
    categories: BTreeMap<String, Category>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Category {
    equal: Vec<[String; 2]>,
    different: Vec<[String; 2]>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Contested {
    reference: String,
    answer: String,
    equal: bool,
    reason: String,
}

fn verdict(reference: &str, answer: &str) -> (bool, String) {
    let judgement = compare(reference, answer, &Policy::default());
    let how = format!("{:?}: {} | {}", judgement.rung, judgement.reference, judgement.answer);
    (judgement.equal == Some(true), how)
}

/// The pairs of all categories, with their labels.
fn labelled(categories: BTreeMap<String, Category>) -> Vec<(String, [String; 2], bool)> {
    let mut pairs = Vec::new();
    for (name, category) in categories {
        pairs.extend(category.equal.into_iter().map(|pair| (name.clone(), pair, true)));
        pairs.extend(category.different.into_iter().map(|pair| (name.clone(), pair, false)));
    }
    pairs
}

fn judge_all(pairs: &[(String, [String; 2], bool)]) {
    let mut wrong = Vec::new();
    for (category, [reference, answer], equal) in pairs {
        let (found, how) = verdict(reference, answer);
        if found != *equal {
            wrong.push(format!("{category}: `{reference}` and `{answer}` should be {equal}; {how}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {} wrong:\n{}", wrong.len(), pairs.len(), wrong.join("\n"));
}

#[test]
fn no_pair_that_was_made_to_deceive_is_accepted() {
    let pairs = labelled(toml::from_str(include_str!("cases/math_hostile.toml")).unwrap());
    assert!(pairs.len() > 800);
    judge_all(&pairs);
}

#[test]
fn no_answer_that_a_reward_presses_for_is_accepted() {
    let pairs = labelled(toml::from_str(include_str!("cases/math_pressure.toml")).unwrap());
    assert!(pairs.len() > 1300);
    judge_all(&pairs);
}

#[test]
fn every_pair_of_the_blind_corpus_is_judged_as_labelled() {
    let pairs = labelled(toml::from_str(include_str!("cases/math_blind.toml")).unwrap());
    assert!(pairs.len() >= 704, "{} pairs", pairs.len());
    judge_all(&pairs);
}

#[test]
fn every_pair_of_the_third_corpus_is_judged_as_labelled() {
    let pairs = labelled(toml::from_str(include_str!("cases/math_third.toml")).unwrap());
    assert!(pairs.len() >= 425, "{} pairs", pairs.len());
    judge_all(&pairs);
}

#[test]
fn every_labelled_pair_is_judged_as_labelled() {
    let corpus: Corpus = toml::from_str(include_str!("cases/math.toml")).unwrap();
    assert!(corpus.categories.len() >= 14);
    let mut pairs = labelled(corpus.categories);
    for Contested { reference, answer, equal, reason } in corpus.contested {
        assert!(!reason.is_empty());
        pairs.push(("contested".to_owned(), [reference, answer], equal));
    }
    assert!(pairs.len() >= 300, "{} pairs", pairs.len());
    judge_all(&pairs);
}
