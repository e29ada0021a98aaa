//! Abstentions, failing rewards, numbers that are not finite, prompts that do not fit.

use r1_core::{Completion, Cursor, Problem};
use r1_grpo::{GrpoError, GrpoTrainer};
use r1_rewards::{Outcome, Reward, RewardError, reward_fn};

use crate::{bits, letter, tiny, train};

/// Abstains on odd samples of `p0`, cannot grade `p1`, and counts letters elsewhere.
struct Picky;

impl Reward for Picky {
    fn name(&self) -> &str {
        "picky"
    }

    fn score(&self, problem: &Problem, completion: &Completion) -> Result<Outcome, RewardError> {
        match problem.id.as_str() {
            "p0" if completion.ids.len() % 2 == 1 => Ok(Outcome::Abstain),
            "p1" => Err(RewardError::Ungradable { problem: "p1".into(), reference: "?".into() }),
            _ => Ok(Outcome::Score(completion.text.matches('a').count() as f32)),
        }
    }
}

#[test]
fn abstentions_and_bad_references_are_counted_and_never_become_zero() {
    let config = tiny::config().with_prompts_per_step(6);
    let mut trainer = GrpoTrainer::new(config, tiny::model(1)).unwrap();
    let report = trainer.step(&mut tiny::source(), &Picky).unwrap();
    assert_eq!(report.ungradable, 1);
    let groups: Vec<_> = trainer.last_groups().collect();
    assert_eq!(groups.len(), 5);
    assert!(groups.iter().all(|group| group.problem.id != "p1"));
    let silent: Vec<_> =
        groups.iter().flat_map(|group| &group.rollouts).filter(|rollout| rollout.reward.is_none()).collect();
    assert!(!silent.is_empty() && silent.iter().all(|rollout| rollout.advantage == 0.0));
    assert_eq!(report.abstained, silent.len());
    let graded: Vec<f64> = groups.iter().flat_map(|group| group.rewards()).flatten().map(f64::from).collect();
    assert_eq!(report.reward, Some(graded.iter().sum::<f64>() / graded.len() as f64));
}

#[test]
fn problems_that_can_never_be_graded_stop_the_run() {
    let mut source = Cursor::new(tiny::problems()[1..2].to_vec(), 0).unwrap();
    let mut trainer = GrpoTrainer::new(tiny::config(), tiny::model(1)).unwrap();
    let error = trainer.step(&mut source, &Picky).unwrap_err().to_string();
    assert_eq!(
        error,
        "none of the last 32 problems could be graded, the last was `p1`; check their references"
    );
}

#[test]
fn a_failing_world_is_tried_three_times_and_then_loses_nothing() {
    use std::sync::atomic::{AtomicUsize, Ordering};
    struct Flaky {
        fails: usize,
        calls: AtomicUsize,
    }
    impl Reward for Flaky {
        fn name(&self) -> &str {
            "flaky"
        }
        fn score(&self, problem: &Problem, completion: &Completion) -> Result<Outcome, RewardError> {
            letter().score(problem, completion)
        }
        fn score_batch(&self, groups: &[(&Problem, &[Completion])]) -> Vec<r1_rewards::GroupScores> {
            let fails = self.calls.fetch_add(1, Ordering::Relaxed) < self.fails;
            let mut scores = letter().score_batch(groups);
            if fails {
                scores[0][0] = Err(RewardError::world("flaky", "the network is down"));
            }
            scores
        }
    }
    let (reports, _) = train(tiny::config(), 1);
    let step = |fails: usize| {
        let reward = Flaky { fails, calls: AtomicUsize::new(0) };
        let mut trainer = GrpoTrainer::new(tiny::config(), tiny::model(1)).unwrap();
        let mut source = tiny::source();
        let first = trainer.step(&mut source, &reward);
        (first, source.position(), trainer.step(&mut source, &reward).unwrap())
    };
    assert_eq!(step(2).0.unwrap().reward, reports[0].reward);
    let (error, position, again) = step(3);
    assert!(matches!(error, Err(GrpoError::Reward { source: RewardError::World { .. }, .. })));
    assert_eq!(position, 0);
    assert_eq!(again.reward, reports[0].reward);
}

#[test]
fn a_reward_that_is_not_finite_stops_the_run_by_name() {
    let reward = reward_fn("odd", |problem, _| if problem.id == "p2" { f32::NAN } else { 1.0 });
    let config = tiny::config().with_prompts_per_step(6);
    let error =
        GrpoTrainer::new(config, tiny::model(1)).unwrap().step(&mut tiny::source(), &reward).unwrap_err();
    assert_eq!(error.to_string(), "problem `p2` could not be scored");
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert!(cause.starts_with("reward `odd` gave NaN"), "{cause}");
}

#[test]
fn a_loss_that_is_not_finite_changes_nothing_and_leaves_the_batch() {
    let folder = tempfile::tempdir().unwrap();
    let mut model = tiny::model(1);
    let norm = &mut model.model.norm.weight;
    *norm = norm.clone().map(|weight| weight * f32::NAN);
    let before = bits(&model.model);
    let config = tiny::config().with_dump_dir(folder.path()).with_skip_zero_advantage(false);
    let mut trainer = GrpoTrainer::new(config, model).unwrap();
    let error = trainer.step(&mut tiny::source(), &letter()).unwrap_err();
    let GrpoError::NotFinite { update: 1, what: "loss", dump } = &error else { panic!("{error}") };
    let text = std::fs::read_to_string(dump).unwrap();
    let batch: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(batch["groups"].as_array().unwrap().len(), 4);
    assert!(batch["groups"][0]["rollouts"][0]["completion"]["ids"].is_array());
    assert_eq!((trainer.updates(), bits(&trainer.policy().model)), (0, before));
}

#[test]
fn a_question_that_does_not_fit_is_named() {
    let long = Problem::new("long", "a".repeat(64), r1_core::Reference::text("a"));
    let mut source = Cursor::new(vec![long], 0).unwrap();
    let mut trainer = GrpoTrainer::new(tiny::config(), tiny::model(1)).unwrap();
    let error = trainer.step(&mut source, &letter()).unwrap_err();
    assert_eq!(error.to_string(), "problem `long` cannot be asked");
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert!(cause.contains("has 64 tokens"), "{cause}");
}
