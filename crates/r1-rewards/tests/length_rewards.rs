//! Laws of the rewards for length and repetition, and what they do on completions.

use proptest::prelude::*;
use r1_core::{Author, Completion, FinishReason, LoopGuard, Outcome, Problem, Reference, Reward, TurnSpan};
use r1_rewards::{
    AccuracyReward, LoopReward, RepetitionReward,
    length::{CosineReward, CosineSchedule, KimiLengthReward, OverlongReward, cosine, kimi, overlong},
    repetition::repetition,
};

fn completion(answer: &str, ids: Vec<u32>) -> Completion {
    let text = format!("<think>t</think><answer>{answer}</answer>");
    Completion { ids, ..Completion::from_text(text, FinishReason::Stop) }
}

fn problem() -> Problem {
    Problem::new("p", "2 + 2?", Reference::number("4"))
}

fn score(reward: impl Reward, completion: &Completion) -> Outcome {
    reward.score(&problem(), completion).unwrap()
}

fn counting(length: u32) -> Vec<u32> {
    (0..length).collect()
}

proptest! {
    #[test]
    fn overlong_falls_from_0_to_minus_1_without_a_jump_before_the_limit(most in 1usize..500, cache in 1usize..500, tokens in 0usize..1000) {
        let here = overlong(tokens, most, cache);
        prop_assert!((-1.0..=0.0).contains(&here) || cache > most && here <= 0.0);
        prop_assert!(overlong(tokens + 1, most, cache) <= here);
        if tokens < most {
            prop_assert!(here - overlong(tokens + 1, most, cache) <= 1.0 / cache as f32 + 1e-5);
        }
    }

    #[test]
    fn cosine_falls_for_right_answers_and_rises_for_wrong_ones(most in 1usize..500, tokens in 0usize..1000) {
        let schedule = CosineSchedule { max_tokens: most, ..CosineSchedule::default() };
        let value = |right, tokens| cosine(right, tokens, &schedule);
        prop_assert!(value(true, tokens + 1) <= value(true, tokens) && value(false, tokens + 1) >= value(false, tokens));
        prop_assert!((0.5..=1.0).contains(&value(true, tokens)) && (-1.0..=-0.5).contains(&value(false, tokens)));
    }

    #[test]
    fn kimi_is_bounded_and_follows_its_group(group in proptest::collection::vec((any::<bool>(), 0usize..300), 0..8)) {
        let rewards = kimi(&group);
        let mut turned: Vec<_> = group.clone();
        turned.reverse();
        let mut again = kimi(&turned);
        again.reverse();
        prop_assert_eq!(&rewards, &again);
        for ((right, tokens), reward) in group.iter().zip(&rewards) {
            prop_assert!((-0.5..=0.5).contains(reward) && (*right || *reward <= 0.0));
            for ((other_right, other_tokens), other) in group.iter().zip(&rewards) {
                if right == other_right && tokens < other_tokens {
                    prop_assert!(reward >= other);
                }
            }
        }
    }

    #[test]
    fn repetition_is_bounded_and_blind_to_names(ids in proptest::collection::vec(0u32..6, 0..60), size in 0usize..5) {
        let penalty = repetition(&ids, size, -1.0);
        prop_assert!((-1.0..=0.0).contains(&penalty));
        let renamed: Vec<u32> = ids.iter().map(|id| 1000 - id).collect();
        prop_assert_eq!(penalty, repetition(&renamed, size, -1.0));
        let distinct: Vec<u32> = (0..ids.len() as u32).collect();
        prop_assert_eq!(repetition(&distinct, size.max(1), -1.0), 0.0);
    }

    /// The guard against every period tried by hand.
    #[test]
    fn the_loop_guard_finds_what_brute_force_finds(ids in proptest::collection::vec(0u32..3, 0..40)) {
        let guard = LoopGuard { max_period: 5, repeats: 3, min_tokens: 6 };
        let is_loop = |run: &[u32], period: usize| (period..run.len()).all(|place| run[place] == run[place - period]);
        let expected = (1..=5usize).any(|period| {
            let length = (period * 3).max(6);
            ids.windows(length).any(|run| is_loop(run, period))
        });
        prop_assert_eq!(guard.finds(&ids), expected);
    }
}

#[test]
fn a_loop_is_found_wherever_it_stands() {
    let noise = counting(100);
    let looped: Vec<u32> = std::iter::repeat_n([500, 501, 502], 20).flatten().collect();
    for ids in [[&noise[..], &looped].concat(), [&noise[..], &looped, &noise].concat()] {
        assert_eq!(score(LoopReward::default(), &completion("4", ids)), Outcome::Score(-1.0));
    }
    assert_eq!(score(LoopReward::default(), &completion("4", noise)), Outcome::Score(0.0));
}

#[test]
fn without_token_ids_terms_of_length_abstain() {
    let bare = completion("4", Vec::new());
    assert_eq!(score(OverlongReward::new(100, 20), &bare), Outcome::Abstain);
    assert_eq!(
        score(CosineReward::new(AccuracyReward::new(), CosineSchedule::default()), &bare),
        Outcome::Abstain
    );
    assert_eq!(score(KimiLengthReward::new(AccuracyReward::new()), &bare), Outcome::Abstain);
    assert_eq!(score(RepetitionReward::new(), &bare), Outcome::Abstain);
    assert_eq!(score(LoopReward::default(), &bare), Outcome::Abstain);
}

#[test]
fn what_a_tool_wrote_is_no_length_of_the_policys() {
    let span = |author, end| TurnSpan { author, end, trained: author == Author::Policy };
    let mut dialogue = completion("4", counting(100));
    dialogue.turns = vec![span(Author::Policy, 10), span(Author::Environment, 90), span(Author::Policy, 100)];
    assert_eq!(score(OverlongReward::new(40, 40), &dialogue), Outcome::Score(-0.5));
}

#[test]
fn a_wrong_answer_earns_nothing_by_a_loop() {
    let reward =
        CosineReward::new(AccuracyReward::new(), CosineSchedule { max_tokens: 100, ..Default::default() });
    assert_eq!(score(reward, &completion("5", counting(100))), Outcome::Score(-0.5));
    assert_eq!(score(reward, &completion("5", vec![7; 100])), Outcome::Score(-1.0));
    assert_eq!(score(reward, &completion("4", vec![7; 100])), Outcome::Score(0.5));
    let unreadable = Problem::new("p", "?", Reference::number("four-ish"));
    assert!(reward.score(&unreadable, &completion("4", counting(10))).is_err());
}

#[test]
fn kimi_compares_the_completions_of_a_group() {
    let group = [(4, 10), (4, 30), (5, 10), (5, 30)]
        .map(|(answer, length)| completion(&answer.to_string(), counting(length)));
    let rewards: Vec<_> = KimiLengthReward::new(AccuracyReward::new())
        .score_group(&problem(), &group)
        .into_iter()
        .map(|score| score.unwrap().outcome.value().unwrap())
        .collect();
    assert_eq!(rewards, [0.5, -0.5, 0.0, -0.5]);
}
