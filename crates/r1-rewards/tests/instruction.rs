//! The checks of instructions on cases worked by hand, and the reward over them.
#![cfg(feature = "instruction")]

use std::collections::BTreeMap;

use proptest::prelude::*;
use r1_core::{Completion, FinishReason, Outcome, Problem, Reference, Reward, RewardError};
use r1_rewards::instruction::{Instruction, InstructionReward, Leniency};
use serde::Deserialize;
use serde_json::{Map, Value, json};

type Cases = BTreeMap<String, Vec<(Map<String, Value>, String, bool)>>;

#[derive(Deserialize)]
struct Table {
    checks: Cases,
    loose: Cases,
}

fn table() -> Table {
    toml::from_str(include_str!("cases/instruction.toml")).unwrap()
}

fn problem(id: &str, arguments: &Map<String, Value>) -> Problem {
    let reference = Reference::Other { value: json!({"instruction_id_list": [id], "kwargs": [arguments]}) };
    Problem::new("p", "Do it.", reference)
}

fn score(reward: InstructionReward, problem: &Problem, text: &str) -> Result<Outcome, RewardError> {
    reward.score(problem, &Completion::from_text(text, FinishReason::Stop))
}

#[test]
fn every_check_has_three_cases_with_both_verdicts_and_decides_them() {
    let checks = table().checks;
    assert_eq!(checks.len(), 25);
    for (id, cases) in checks {
        assert!(cases.len() >= 3, "{id}");
        assert!(cases.iter().any(|case| case.2) && cases.iter().any(|case| !case.2), "{id}");
        for (arguments, text, follows) in cases {
            let instruction = Instruction::read(&id, &arguments).unwrap();
            assert_eq!(instruction.is_followed(&text), follows, "{id}: {text}");
            let earned = score(InstructionReward::new(), &problem(&id, &arguments), &text).unwrap();
            assert_eq!(earned, Outcome::of(follows), "{id}: {text}");
        }
    }
}

#[test]
fn the_loose_check_forgives_frames_and_stars() {
    for (id, cases) in table().loose {
        for (arguments, text, follows) in cases {
            let problem = problem(&id, &arguments);
            assert_eq!(
                score(InstructionReward::new(), &problem, &text).unwrap(),
                Outcome::Score(0.0),
                "{id}"
            );
            let loose = InstructionReward::new().with_leniency(Leniency::Loose);
            assert_eq!(score(loose, &problem, &text).unwrap(), Outcome::of(follows), "{id}");
        }
    }
}

#[test]
fn thoughts_follow_nothing() {
    let no_arguments = Map::new();
    let problem = problem("detectable_format:title", &no_arguments);
    let reward = InstructionReward::new();
    assert_eq!(score(reward, &problem, "<think><<T>></think>O stone").unwrap(), Outcome::Score(0.0));
    assert_eq!(score(reward, &problem, "<think>Hm.</think><<T>> O stone").unwrap(), Outcome::Score(1.0));
    assert_eq!(score(reward, &problem, "<think><<T>>").unwrap(), Outcome::Score(0.0));
}

#[test]
fn several_instructions_are_a_share_or_all_or_nothing() {
    let value = json!({
        "instruction_id_list": ["punctuation:no_comma", "length_constraints:number_words"],
        "kwargs": [{"keyword": null}, {"num_words": 2.0, "relation": "at least", "keyword": null}],
    });
    let problem = Problem::new("p", "Do it.", Reference::Other { value });
    assert_eq!(score(InstructionReward::new(), &problem, "well").unwrap(), Outcome::Score(0.5));
    assert_eq!(
        score(InstructionReward::new().all_or_nothing(), &problem, "well").unwrap(),
        Outcome::Score(0.0)
    );
    assert_eq!(
        score(InstructionReward::new().all_or_nothing(), &problem, "well now").unwrap(),
        Outcome::Score(1.0)
    );
}

#[test]
fn a_problem_without_instructions_abstains_and_unreadable_ones_are_ungradable() {
    let plain = Problem::new("p", "2 + 2?", Reference::number("4"));
    assert_eq!(score(InstructionReward::new(), &plain, "4").unwrap(), Outcome::Abstain);
    for (id, arguments) in [
        ("punctuation:no_semicolon", json!({})),
        ("length_constraints:number_words", json!({"num_words": 3})),
        ("length_constraints:number_words", json!({"num_words": -3, "relation": "at least"})),
        ("language:response_language", json!({"language": "klingon"})),
    ] {
        let error =
            score(InstructionReward::new(), &problem(id, arguments.as_object().unwrap()), "a").unwrap_err();
        assert!(matches!(&error, RewardError::Ungradable { .. }), "{error}");
        assert!(error.to_string().contains(id), "{error}");
    }
}

proptest! {
    #[test]
    fn any_answer_is_judged_and_what_is_followed_strictly_is_followed_loosely(text in "[\\PC\n*\\[\\]<>\"]{0,80}") {
        for (id, cases) in table().checks {
            for (arguments, ..) in cases {
                let problem = problem(&id, &arguments);
                let strict = InstructionReward::new().verdicts(&problem, &text).unwrap().unwrap();
                let loose = InstructionReward::new().with_leniency(Leniency::Loose).verdicts(&problem, &text).unwrap().unwrap();
                prop_assert!(strict.iter().zip(&loose).all(|(strict, loose)| loose >= strict));
            }
        }
    }
}
