//! Schedules, bounds and statistics of the terms of a reward.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use proptest::prelude::*;
use r1_core::{
    Completion, FinishReason, Outcome, Problem, Reference, Reward, RewardError, reward_fn, score_all,
};
use r1_rewards::{
    Rubric,
    combination::{Clipped, RewardStatistics, Scheduled},
};

fn problem() -> Problem {
    Problem::new("p", "?", Reference::text("a"))
}

fn written(text: &str, updates: Option<u64>) -> Completion {
    Completion { weights_version: updates, ..Completion::from_text(text, FinishReason::Stop) }
}

fn length() -> impl Reward {
    reward_fn("length", |_, completion| completion.text.len() as f32)
}

#[test]
fn a_scheduled_term_counts_within_its_window_and_is_not_asked_outside() {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = asked.clone();
    let preference = reward_fn("preference", move |_, _| {
        count.fetch_add(1, Ordering::Relaxed);
        10.0
    });
    let rubric = Rubric::new()
        .with(1.0, length())
        .with(2.0, Scheduled::new(preference).from_update(3).until_update(5));
    let problem = problem();
    let groups: Vec<[Completion; 2]> =
        (0..7).map(|update| ["a", "bc"].map(|text| written(text, Some(update)))).collect();
    let groups: Vec<(&Problem, &[Completion])> =
        groups.iter().map(|group| (&problem, group.as_slice())).collect();
    let totals: Vec<f32> = score_all(&rubric, &groups)
        .into_iter()
        .map(|group| group.into_iter().map(|score| score.unwrap().outcome.value().unwrap()).sum())
        .collect();
    assert_eq!(totals, [3.0, 3.0, 3.0, 43.0, 43.0, 3.0, 3.0]);
    assert_eq!(asked.load(Ordering::Relaxed), 4);
    let evaluated = rubric.score(&problem, &written("a", None)).unwrap();
    assert_eq!(evaluated, Outcome::Score(21.0));
}

#[test]
fn a_group_is_scored_as_a_whole_by_its_latest_completion() {
    let term = Scheduled::new(length()).from_update(3);
    let scores = term.score_group(&problem(), &[written("a", Some(2)), written("bc", Some(3))]);
    assert!(scores.into_iter().all(|score| score.unwrap().outcome != Outcome::Abstain));
}

#[test]
fn a_nan_is_not_clipped_but_named() {
    let clipped = Clipped::new(reward_fn("ratio", |_, _| f32::NAN), 0.0, 1.0);
    let error = clipped.score(&problem(), &written("a", None)).unwrap_err();
    assert!(matches!(&error, RewardError::NotFinite { reward, .. } if reward == "ratio"), "{error}");
    let mut statistics = RewardStatistics::default();
    statistics.add(Err(&error));
    assert!(statistics.warnings()[0].starts_with("`ratio` gave NaN"));
}

#[test]
#[should_panic(expected = "the bounds of `length` are 2 and 1")]
fn bounds_out_of_order_are_refused() {
    let _ = Clipped::new(length(), 2.0, 1.0);
}

proptest! {
    #[test]
    fn clipped_scores_lie_within_the_bounds_and_others_stay(text in "a{0,20}", low in -5f32..5.0, width in 0f32..10.0) {
        let clipped = Clipped::new(length(), low, low + width).score(&problem(), &written(&text, None)).unwrap();
        let value = clipped.value().unwrap();
        prop_assert_eq!(value, (text.len() as f32).max(low).min(low + width));
    }

    #[test]
    fn statistics_are_those_of_the_two_pass_formulas(values in proptest::collection::vec(-100f32..100.0, 2..50)) {
        let mut statistics = RewardStatistics::default();
        for value in &values {
            statistics.add(Ok(&Outcome::Score(*value).into()));
        }
        let tally = statistics.terms["total"];
        let mean = values.iter().map(|value| f64::from(*value)).sum::<f64>() / values.len() as f64;
        let squares: f64 = values.iter().map(|value| (f64::from(*value) - mean).powi(2)).sum();
        prop_assert!((tally.mean - mean).abs() < 1e-9);
        prop_assert!((tally.std() - (squares / (values.len() - 1) as f64).sqrt()).abs() < 1e-9);
    }
}
