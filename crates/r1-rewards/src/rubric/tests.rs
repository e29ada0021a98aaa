use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use r1_core::{FinishReason, Reference};

use super::*;
use r1_core::reward_fn;

/// Says the same about everything, and counts how often it is asked for a batch.
struct Constant {
    name: &'static str,
    say: fn() -> Result<Outcome, RewardError>,
    batches: Arc<AtomicUsize>,
}

impl Reward for Constant {
    fn name(&self) -> &str {
        self.name
    }

    fn score(&self, _: &Problem, _: &Completion) -> Result<Outcome, RewardError> {
        (self.say)()
    }

    fn score_batch(&self, groups: &[(&Problem, &[Completion])]) -> Vec<GroupScores> {
        self.batches.fetch_add(1, Ordering::Relaxed);
        groups.iter().map(|(problem, completions)| self.score_group(problem, completions)).collect()
    }
}

fn constant(name: &'static str, say: fn() -> Result<Outcome, RewardError>) -> Constant {
    Constant { name, say, batches: Arc::default() }
}

fn abstains() -> Result<Outcome, RewardError> {
    Ok(Outcome::Abstain)
}

fn half() -> Result<Outcome, RewardError> {
    Ok(Outcome::Score(0.5))
}

fn ungradable() -> Result<Outcome, RewardError> {
    Err(RewardError::Ungradable { problem: "p".into(), reference: "?".into() })
}

fn unreachable() -> Result<Outcome, RewardError> {
    Err(RewardError::world("judge", "connection refused"))
}

fn completions(count: usize) -> Vec<Completion> {
    (0..count).map(|i| Completion::from_text("x".repeat(i + 1), FinishReason::Stop)).collect()
}

fn problem() -> Problem {
    Problem::new("p", "?", Reference::number("1"))
}

fn one(rubric: &Rubric) -> Result<Score, RewardError> {
    let scores = rubric.score_group(&problem(), &completions(1));
    let alone = rubric.score(&problem(), &completions(1)[0]);
    let score = scores.into_iter().next().unwrap();
    assert_eq!(alone.ok(), score.as_ref().ok().map(|s| s.outcome));
    score
}

#[test]
fn terms_that_abstain_drop_out_of_the_sum() {
    let rubric = Rubric::new().with(1.0, constant("a", abstains)).with(3.0, constant("b", half));
    let score = one(&rubric).unwrap();
    assert_eq!(score.outcome, Outcome::Score(1.5));
    let named = |name: &str, outcome| Part { name: name.into(), outcome };
    assert_eq!(score.parts, [named("a", Outcome::Abstain), named("b", Outcome::Score(0.5))]);
}

#[test]
fn a_rubric_whose_terms_all_abstain_abstains() {
    assert_eq!(one(&Rubric::new()).unwrap().outcome, Outcome::Abstain);
    assert_eq!(one(&Rubric::new().with(1.0, constant("a", abstains))).unwrap().outcome, Outcome::Abstain);
}

#[test]
fn an_error_of_any_term_is_the_rubrics_error() {
    let rubric = Rubric::new().with(1.0, constant("a", half)).with(1.0, constant("b", ungradable));
    assert!(matches!(one(&rubric), Err(RewardError::Ungradable { .. })));
}

#[test]
fn trouble_outside_goes_before_a_bad_reference() {
    for (first, second) in [(ungradable as fn() -> _, unreachable as fn() -> _), (unreachable, ungradable)] {
        let rubric = Rubric::new().with(1.0, constant("a", first)).with(1.0, constant("b", second));
        assert!(matches!(one(&rubric), Err(RewardError::World { .. })));
    }
}

#[test]
fn a_nan_is_an_error_that_names_the_term() {
    let rubric = Rubric::new().with(1.0, constant("a", half)).with(1.0, reward_fn("ratio", |_, _| f32::NAN));
    let error = one(&rubric).unwrap_err();
    assert!(matches!(&error, RewardError::NotFinite { reward, .. } if reward == "ratio"), "{error}");
}

#[test]
fn a_sum_that_overflows_is_an_error_that_names_the_rubric() {
    let huge = || reward_fn("huge", |_, _| f32::MAX);
    let error = one(&Rubric::new().with(1.0, huge()).with(1.0, huge())).unwrap_err();
    assert!(matches!(&error, RewardError::NotFinite { reward, .. } if reward == "rubric"), "{error}");
}

#[test]
fn each_term_is_asked_once_for_the_whole_batch_and_order_is_kept() {
    let term = constant("b", half);
    let batches = term.batches.clone();
    let rubric = Rubric::new().with(1.0, reward_fn("length", |_, c| c.text.len() as f32)).with(2.0, term);
    let (problem, groups) = (problem(), [completions(2), completions(0), completions(3)]);
    let groups: Vec<_> = groups.iter().map(|group| (&problem, group.as_slice())).collect();
    let value = |score: Result<Score, RewardError>| score.unwrap().outcome.value().unwrap();
    let batch: Vec<Vec<f32>> =
        rubric.score_batch(&groups).into_iter().map(|g| g.into_iter().map(value).collect()).collect();
    assert_eq!(batch, [vec![2.0, 3.0], vec![], vec![2.0, 3.0, 4.0]]);
    assert_eq!(batches.load(Ordering::Relaxed), 1);
}

#[test]
fn a_nested_rubric_keeps_its_parts_under_its_name() {
    let rubric = Rubric::new().with(2.0, Rubric::new().with(1.0, constant("a", half)));
    let score = one(&rubric).unwrap();
    assert_eq!(score.outcome, Outcome::Score(1.0));
    assert_eq!(score.parts.iter().map(|p| p.name.as_str()).collect::<Vec<_>>(), ["rubric", "rubric/a"]);
}

#[test]
#[should_panic(expected = "the weight of `a` is NaN")]
fn a_weight_that_is_not_finite_is_refused() {
    let _ = Rubric::new().with(f32::NAN, constant("a", half));
}
