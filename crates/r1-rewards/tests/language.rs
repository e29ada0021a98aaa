//! Hand-counted thoughts in several languages, laws of counting, and what the reward does not pay for.
#![cfg(feature = "language")]

use proptest::prelude::*;
use r1_core::{Completion, FinishReason, Outcome, Problem, Reference, Reward};
use r1_rewards::{Language, LanguageCount, LanguageReward};
use serde::Deserialize;

#[derive(Deserialize)]
struct Table {
    case: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    claim: String,
    language: String,
    thoughts: String,
    target: usize,
    words: usize,
}

fn problem(question: &str) -> Problem {
    Problem::new("p", question, Reference::number("4"))
}

fn thought(thoughts: &str) -> Completion {
    Completion::from_text(format!("<think>{thoughts}</think>4"), FinishReason::Stop)
}

fn score(reward: LanguageReward, question: &str, text: &str) -> Outcome {
    reward.score(&problem(question), &Completion::from_text(text, FinishReason::Stop)).unwrap()
}

#[test]
fn every_case_of_the_table_counts_as_it_says() {
    let table: Table = toml::from_str(include_str!("cases/language.toml")).unwrap();
    for Case { claim, language, thoughts, target, words } in table.case {
        let language = Language::from_code(&language).unwrap();
        let count = LanguageCount::of(&thoughts, language);
        assert_eq!((count.target, count.words), (target, words), "{claim}");
        let of_thoughts =
            LanguageReward::new(language).count(&problem("1 + 1?"), &thought(&thoughts)).unwrap();
        assert_eq!(of_thoughts, count, "{claim}");
    }
}

#[test]
fn an_empty_thought_earns_nothing_and_one_without_words_abstains() {
    let reward = LanguageReward::new(Language::ENGLISH);
    for empty in ["<think></think>4", "<think> \n </think>The answer is four.", "The answer is four.", ""] {
        let earned = score(reward, "?", empty);
        assert_eq!(earned, Outcome::Score(0.0), "{empty}");
    }
    assert_eq!(score(reward, "?", "<think>$2 + 2$</think>4"), Outcome::Abstain);
    let strict = reward.with_min_words(3);
    assert_eq!(score(strict, "?", "<think>Two words</think>4"), Outcome::Score(0.0));
    assert_eq!(score(strict, "?", "<think>Now three words</think>4"), Outcome::Score(1.0));
}

#[test]
fn the_answer_is_not_looked_at() {
    let reward = LanguageReward::new(Language::ENGLISH);
    assert_eq!(score(reward, "?", "<think>So it is four</think>所以答案是四"), Outcome::Score(1.0));
    assert_eq!(score(reward, "?", "<think>所以答案是四</think>So it is four"), Outcome::Score(0.0));
}

#[test]
fn the_target_is_the_questions_language_or_what_its_metadata_says() {
    let reward = LanguageReward::of_question();
    for (question, thoughts) in [
        ("What is the sum of two and three?", "The sum is five"),
        ("二加三等于几？", "答案是五"),
        ("二と三を足すといくつですか。", "答えは五です"),
        ("둘 더하기 셋은?", "답은 다섯이다"),
        ("Сколько будет два плюс три?", "Ответ равен пяти"),
    ] {
        let score = reward.score(&problem(question), &thought(thoughts)).unwrap();
        assert_eq!(score, Outcome::Score(1.0), "{question}");
    }
    assert_eq!(reward.score(&problem("2 + 3 = ?"), &thought("five")).unwrap(), Outcome::Abstain);
    let said = problem("2 + 3 = ?").with("language", "zh");
    assert_eq!(reward.score(&said, &thought("five")).unwrap(), Outcome::Score(0.0));
    assert_eq!(reward.score(&said, &thought("答案是五")).unwrap(), Outcome::Score(1.0));
}

#[test]
fn a_name_that_the_question_has_is_foreign_to_no_thought() {
    let reward = LanguageReward::of_question();
    let question = "小明和 Alice 有几个苹果？";
    assert_eq!(score(reward, question, "<think>Alice 有三个</think>3"), Outcome::Score(1.0));
    assert_eq!(score(reward, question, "<think>Robert 有三个</think>3"), Outcome::Score(2.0 / 3.0));
}

const PIECES: [&str; 8] = [
    "So the sum of the two is four",
    "所以答案是四。",
    "今日は晴れです。",
    "나는 사과를 먹었다",
    "Значит, сумма равна пяти",
    "$x^2$ and `code`",
    "Nous devons d'abord additionner les deux nombres, puis diviser le résultat par trois",
    "x = 4",
];

proptest! {
    #[test]
    fn the_share_of_two_texts_is_the_mean_of_theirs_by_words(
        first in proptest::collection::vec(0..PIECES.len(), 0..6),
        second in proptest::collection::vec(0..PIECES.len(), 0..6),
        code in proptest::sample::select(vec!["en", "zh", "ja", "ko", "ru", "fr"]),
    ) {
        let language = Language::from_code(code).unwrap();
        let join = |pieces: &[usize]| pieces.iter().map(|piece| PIECES[*piece]).collect::<Vec<_>>().join("\n");
        let (first, second) = (join(&first), join(&second));
        let both = LanguageCount::of(&format!("{first}\n\n{second}"), language);
        let (first, second) = (LanguageCount::of(&first, language), LanguageCount::of(&second, language));
        prop_assert_eq!(both, first + second);
        if let (Some(both), Some(a), Some(b)) = (both.share(), first.share(), second.share()) {
            let mean = (a * first.words as f64 + b * second.words as f64) / (first.words + second.words) as f64;
            prop_assert!((both - mean).abs() < 1e-12);
        }
    }

    #[test]
    fn any_text_has_a_share_between_0_and_1(text in "\\PC{0,120}", code in proptest::sample::select(vec!["en", "zh", "ja"])) {
        let language = Language::from_code(code).unwrap();
        let count = LanguageCount::of(&text, language);
        prop_assert!(count.target <= count.words);
        let _ = Language::of(&text);
    }
}
