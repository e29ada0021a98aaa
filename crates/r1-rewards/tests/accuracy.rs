//! The case table of the accuracy reward, its other references, and what it never does.

use proptest::prelude::*;
use r1_core::{Completion, FinishReason, Problem, Reference};
use r1_rewards::{AccuracyReward, FormatReward, Mode, Outcome, Reward, RewardError, grade};
use serde::Deserialize;

#[derive(Deserialize)]
struct Table {
    case: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    claim: String,
    gold: String,
    reply: String,
    #[serde(default)]
    mode: Mode,
    equal: Option<bool>,
}

fn completion(text: &str) -> Completion {
    Completion::from_text(text, FinishReason::Stop)
}

fn score(reference: Reference, answer: &str) -> Result<Outcome, RewardError> {
    let text = format!("<think>t</think><answer>{answer}</answer>");
    AccuracyReward::new().score(&Problem::new("p", "?", reference), &completion(&text))
}

#[test]
fn every_case_of_the_table_is_graded_as_it_says() {
    let table: Table = toml::from_str(include_str!("cases/accuracy.toml")).unwrap();
    for Case { claim, gold, reply, mode, equal } in table.case {
        let verdict = grade(&gold, &completion(&reply), mode);
        assert_eq!(verdict.equal, equal, "{claim}: {}", verdict.reason);
    }
}

#[derive(Deserialize)]
struct Completions {
    equal: Vec<[String; 2]>,
    different: Vec<[String; 2]>,
}

#[test]
fn every_labelled_completion_is_graded_as_labelled() {
    let Completions { equal, different } = toml::from_str(include_str!("cases/completion.toml")).unwrap();
    let labelled = equal.into_iter().map(|pair| (pair, true));
    for ([gold, reply], label) in labelled.chain(different.into_iter().map(|pair| (pair, false))) {
        let verdict = grade(&gold, &completion(&reply), Mode::Strict);
        assert_eq!(verdict.equal, Some(label), "{gold} | {reply}: {}", verdict.reason);
    }
}

#[test]
fn a_reference_that_cannot_be_read_is_ungradable() {
    let options = vec!["Rome".to_owned(), "Paris".to_owned()];
    for reference in [
        Reference::number("three"),
        Reference::number("1/0"),
        Reference::number("1e999999999"),
        Reference::text(" "),
        Reference::Choice { label: 'C', options },
        Reference::Choice { label: 'b', options: Vec::new() },
    ] {
        let shown = format!("{reference:?}");
        assert!(matches!(score(reference, "3"), Err(RewardError::Ungradable { .. })), "{shown}");
    }
}

#[test]
fn choices_and_countdowns_are_graded_by_their_own_rules() {
    let choice = || Reference::Choice { label: 'B', options: vec!["Rome".into(), "Paris".into()] };
    assert_eq!(score(choice(), "(B)").unwrap(), Outcome::Score(1.0));
    assert_eq!(score(choice(), "Paris").unwrap(), Outcome::Score(1.0));
    assert_eq!(score(choice(), "A or B").unwrap(), Outcome::Score(0.0));
    let countdown = || Reference::Countdown { numbers: vec![3, 5, 8], target: 25 };
    assert_eq!(score(countdown(), "(8 - 3) * 5 = 25").unwrap(), Outcome::Score(1.0));
    assert_eq!(score(countdown(), "25").unwrap(), Outcome::Score(0.0));
}

#[test]
fn it_abstains_on_tasks_of_another_kind() {
    for reference in [
        Reference::Tests { tests: serde_json::json!([]) },
        Reference::Other { value: serde_json::json!(1) },
        Reference::Preference { chosen: "1".into(), rejected: "2".into() },
    ] {
        assert_eq!(score(reference, "1").unwrap(), Outcome::Abstain);
    }
}

#[test]
fn expressions_and_texts_are_graded_by_what_they_mean() {
    for (reference, answer, reward) in [
        (Reference::expression("\\frac{1}{2}"), "0.5", 1.0),
        (Reference::expression("x^2 + 2x + 1"), "(x+1)^2", 1.0),
        (Reference::expression("x^2 + 1"), "x^2 - 1", 0.0),
        (Reference::text("(2, \\infty)"), "x > 2", 1.0),
        (Reference::text("Paris"), "paris", 1.0),
    ] {
        assert_eq!(score(reference, answer).unwrap(), Outcome::Score(reward), "{answer}");
    }
}

#[test]
fn hostile_answers_are_wrong() {
    for answer in [
        "1e999999999".to_owned(),
        "9".repeat(1_000_000),
        "(".repeat(1_000_000),
        "{".repeat(1_000_000),
        "\\boxed{".repeat(100_000),
        "\\boxed{".repeat(100_000) + &"}".repeat(100_000),
        "\\frac{".repeat(100_000),
        "$".repeat(1_000_000),
        "1 ".repeat(500_000),
        "answer is ".repeat(100_000),
    ] {
        let countdown = Reference::Countdown { numbers: vec![1], target: 1 };
        for reference in [Reference::number("1"), Reference::text("x"), countdown] {
            assert_eq!(score(reference, &answer).unwrap(), Outcome::Score(0.0));
        }
        for mode in [Mode::Anchored, Mode::Lenient] {
            assert_eq!(grade("2", &completion(&answer), mode).equal, Some(false));
        }
    }
}

/// Texts in which the grammar's own tokens are frequent, up to 4 KiB.
fn texts() -> impl Strategy<Value = String> {
    let token = prop_oneof![
        Just("<think>"),
        Just("</think>"),
        Just("<answer>"),
        Just("</answer>"),
        Just("\\boxed{"),
        Just("}"),
        Just("\\frac"),
        Just("{"),
        Just("$"),
        Just("answer is "),
        Just("#### "),
        Just("1,000"),
        Just("-"),
        Just("−"),
        Just(".5"),
        Just("e9"),
        Just("("),
        Just(")"),
        Just("%"),
        Just(" or "),
        Just("B"),
        Just("="),
        Just("é"),
    ];
    prop_oneof![
        prop::collection::vec(token, 0..200).prop_map(|tokens| tokens.concat()),
        prop::collection::vec(any::<char>(), 0..1024).prop_map(|chars| chars.into_iter().collect::<String>()),
    ]
}

proptest! {
    #[test]
    fn no_text_makes_a_reward_panic(text in texts(), gold in texts(), prefilled: bool) {
        let completion = Completion { think_prefilled: prefilled, ..completion(&text) };
        for mode in [Mode::Strict, Mode::Anchored, Mode::Lenient] {
            grade(&gold, &completion, mode);
            for reference in [
                Reference::number(gold.as_str()),
                Reference::Choice { label: 'B', options: vec![gold.clone(), "x".into()] },
                Reference::Choice { label: 'B', options: Vec::new() },
                Reference::Countdown { numbers: vec![1, 5, -5], target: 5 },
            ] {
                let problem = Problem::new("p", "?", reference);
                let _ = AccuracyReward::new().with_mode(mode).score(&problem, &completion);
            }
        }
        for format in [FormatReward::r1_zero(), FormatReward::think(), FormatReward::soft_tags()] {
            let value = format.score(&Problem::new("p", "?", Reference::number("1")), &completion);
            prop_assert!((0.0..=1.0).contains(&value.unwrap().value().unwrap()));
        }
    }

    #[test]
    fn a_readable_gold_accepts_itself(text in texts()) {
        let reply = format!("<think>t</think><answer>{text}</answer>");
        if let Some(number) = r1_math::Number::parse(&text) {
            prop_assert_eq!(grade(&text, &completion(&reply), Mode::Strict).equal, Some(true), "{}", number);
        }
    }
}
