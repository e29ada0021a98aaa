//! Rollouts from anywhere: overlapped scoring, recorded files, versions.

use std::{thread, time::Duration};

use r1_core::{
    Author, Completion, GenerateError, Key, Outcome, Problem, Reference, Reward, RewardError, RewardKind,
    TurnSpan,
};
use r1_grpo::{
    Correction, CorrectionLevel, Group, GrpoConfig, GrpoError, GrpoTrainer, LongPrompts, Objective, Outside,
    PolicyRollouts, RecordedRollouts, RecordingRollouts, Rollout, RolloutRequest, RolloutSource, Stale,
};
use r1_model::{EncodedPrompt, LanguageModel, Transformer, checkpoint::Packing};

use crate::{bits, letter, tiny, train_on};

/// Writes everything before it gives anything away, as without overlap, and in the opposite order.
struct AllAtOnce;

impl RolloutSource<Transformer> for AllAtOnce {
    fn write(
        &mut self,
        policy: &mut LanguageModel,
        request: &RolloutRequest<'_>,
        deliver: &mut dyn FnMut(usize, Vec<Completion>),
    ) -> Result<(), GenerateError> {
        let mut groups = Vec::new();
        PolicyRollouts::default().write(policy, request, &mut |index, group| groups.push((index, group)))?;
        groups.sort_by_key(|(index, _)| std::cmp::Reverse(*index));
        groups.into_iter().for_each(|(index, group)| deliver(index, group));
        Ok(())
    }
}

/// Waits, so that the groups are scored in an order of their own.
struct Slow(RewardKind);

impl Reward for Slow {
    fn name(&self) -> &str {
        "letter"
    }

    fn score(&self, problem: &Problem, completion: &Completion) -> Result<Outcome, RewardError> {
        thread::sleep(Duration::from_micros(if problem.id == "p0" { 2000 } else { 100 }));
        letter().score(problem, completion)
    }

    fn kind(&self) -> RewardKind {
        self.0
    }
}

#[test]
fn scoring_beside_writing_changes_no_bit() {
    let config = tiny::config().with_mini_batches_per_rollout(2);
    let expected = train_on(config.clone(), &mut AllAtOnce, &letter(), 4);
    assert_eq!(train_on(config.clone(), &mut PolicyRollouts::default(), &letter(), 4), expected);
    for kind in [RewardKind::Pure, RewardKind::Blocking] {
        assert_eq!(train_on(config.clone(), &mut PolicyRollouts::default(), &Slow(kind), 4), expected);
    }
}

#[test]
fn recorded_rollouts_give_the_same_bits_again() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("rollouts.jsonl");
    let config = tiny::config().with_mini_batches_per_rollout(2);
    let mut recording = RecordingRollouts::append(&file, PolicyRollouts::default()).unwrap();
    let expected = train_on(config.clone(), &mut recording, &letter(), 4);
    let mut recorded = RecordedRollouts::read(&file).unwrap();
    assert_eq!(train_on(config.clone(), &mut recorded, &letter(), 4), expected);

    // What was not recorded is named.
    let mut trainer = GrpoTrainer::new(config.with_seed(9), tiny::model(1)).unwrap();
    let error = trainer.step_with(&mut tiny::source(), &mut recorded, &letter()).unwrap_err();
    let cause = std::error::Error::source(&error).map_or(error.to_string(), ToString::to_string);
    assert!(cause.contains("rollouts.jsonl` has no 8 completions of prompt 0"), "{error}: {cause}");
    std::fs::write(&file, "{\"key\": 3}\n").unwrap();
    let error = RecordedRollouts::read(&file).unwrap_err().to_string();
    assert!(error.contains("line 1 holds no rollouts"), "{error}");
}

#[test]
fn step_is_the_sum_of_rollouts_and_update() {
    let mut one = GrpoTrainer::new(tiny::config(), tiny::model(1)).unwrap();
    let mut other = GrpoTrainer::new(tiny::config(), tiny::model(1)).unwrap();
    let mut source = tiny::source();
    for _ in 0..3 {
        let expected = one.step(&mut source, &letter()).unwrap();
        let groups: Vec<Group> = one.last_groups().cloned().collect();
        // As they come from elsewhere: nothing that the trainer computes is there.
        let bare = |group: Group| Group {
            rollouts: group
                .rollouts
                .into_iter()
                .map(|rollout| Rollout { advantage: 0.0, old: None, reference_logprobs: None, ..rollout })
                .collect(),
            ..group
        };
        let report = other.update(groups.into_iter().map(bare).collect()).unwrap();
        assert_eq!((report.loss, report.grad_norm), (expected.loss, expected.grad_norm));
        assert_eq!(bits(&other.policy().model), bits(&one.policy().model));
    }
}

#[test]
fn an_update_is_refused_while_mini_batches_wait() {
    let mut trainer =
        GrpoTrainer::new(tiny::config().with_mini_batches_per_rollout(2), tiny::model(1)).unwrap();
    trainer.step(&mut tiny::source(), &letter()).unwrap();
    let groups = trainer.last_groups().cloned().collect();
    assert!(matches!(trainer.update(groups), Err(GrpoError::Pending)));
}

/// The policy's rollouts with another version of its weights.
struct Aged(u64);

impl RolloutSource<Transformer> for Aged {
    fn write(
        &mut self,
        policy: &mut LanguageModel,
        request: &RolloutRequest<'_>,
        deliver: &mut dyn FnMut(usize, Vec<Completion>),
    ) -> Result<(), GenerateError> {
        let version = request.weights_version.saturating_sub(self.0);
        PolicyRollouts::default().write(policy, request, &mut |index, group| {
            // Half of the groups are as young as they can be.
            let version = if index % 2 == 0 { version } else { request.weights_version };
            let aged = |completion| Completion { weights_version: Some(version), ..completion };
            deliver(index, group.into_iter().map(aged).collect());
        })
    }
}

#[test]
fn old_rollouts_are_refused_or_corrected() {
    let config = GrpoConfig { max_staleness: Some(1), ..tiny::config() };
    let mut trainer = GrpoTrainer::new(config.clone(), tiny::model(1)).unwrap();
    let mut source = tiny::source();
    for updates in 0..4 {
        let report = trainer.step_with(&mut source, &mut Aged(2), &letter()).unwrap();
        let old = updates >= 2;
        assert_eq!(report.stale_groups, if old { 2 } else { 0 });
        assert_eq!(trainer.last_groups().count(), if old { 2 } else { 4 });
    }
    let mut groups: Vec<Group> = trainer.last_groups().cloned().collect();
    for rollout in groups.iter_mut().flat_map(|group| &mut group.rollouts) {
        rollout.completion.weights_version = Some(0);
    }
    let error = trainer.update(groups.clone()).unwrap_err().to_string();
    assert!(
        error.starts_with("all 2 groups were written by weights that are 4 or more updates old"),
        "{error}"
    );

    let corrected = GrpoConfig { stale: Stale::Correct, ..config };
    let error = corrected.validate().unwrap_err().to_string();
    assert!(error.contains("`stale`") && error.contains("objective.correction"), "{error}");
    let correction =
        Correction { level: CorrectionLevel::Token, outside: Outside::Truncate, min: None, max: 2.0 };
    let objective = Objective { correction: Some(correction), ..Objective::r1() };
    let mut trainer = GrpoTrainer::new(corrected.with_objective(objective), tiny::model(1)).unwrap();
    assert_eq!(trainer.update(groups).unwrap().stale_groups, 0);
}

#[test]
fn what_cannot_be_trained_on_is_refused_by_name() {
    struct Broken(fn(&mut Vec<Completion>));
    impl RolloutSource<Transformer> for Broken {
        fn write(
            &mut self,
            policy: &mut LanguageModel,
            request: &RolloutRequest<'_>,
            deliver: &mut dyn FnMut(usize, Vec<Completion>),
        ) -> Result<(), GenerateError> {
            PolicyRollouts::default().write(policy, request, &mut |index, mut group| {
                (self.0)(&mut group);
                deliver(index, group);
            })
        }
    }
    type Fault = fn(&mut Vec<Completion>);
    let broken: [(Fault, &str); 3] = [
        (|group| group.truncate(7), "has 7 completions instead of 8"),
        (|group| group[2].logprobs.truncate(0), "log-probabilities"),
        (
            |group| group[0].turns = vec![TurnSpan { author: Author::Policy, end: 99, trained: true }],
            "and turns that end at [99]",
        ),
    ];
    for (fault, expected) in broken {
        let mut trainer = GrpoTrainer::new(tiny::config(), tiny::model(1)).unwrap();
        let mut source = tiny::source();
        let error = trainer.step_with(&mut source, &mut Broken(fault), &letter()).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
        assert_eq!((trainer.updates(), r1_core::ProblemSource::position(&source)), (0, 0));
    }
}

#[test]
fn prompts_that_do_not_fit_are_counted_or_end_the_run() {
    let mut problems = tiny::problems();
    problems.insert(2, Problem::new("long", "a".repeat(70), Reference::text("a")));
    let source = || r1_core::Cursor::new(problems.clone(), 3).unwrap();
    let mut trainer = GrpoTrainer::new(tiny::config(), tiny::model(1)).unwrap();
    let mut skipping = source();
    let skipped: usize = (0..4).map(|_| trainer.step(&mut skipping, &letter()).unwrap().long_prompts).sum();
    assert!((2..=3).contains(&skipped), "{skipped}");
    let refusing = GrpoConfig { long_prompts: LongPrompts::Refuse, ..tiny::config() };
    let mut trainer = GrpoTrainer::new(refusing, tiny::model(1)).unwrap();
    let mut refused = source();
    let error = (0..4).find_map(|_| trainer.step(&mut refused, &letter()).err()).unwrap().to_string();
    assert_eq!(error, "problem `long` cannot be asked");
}

#[test]
fn packed_rollouts_are_written_by_packed_weights_and_trained_on_by_the_others() {
    let config = GrpoConfig { rollout_weights: Some(Packing::Q8_0), ..tiny::config() };
    let mut trainer = GrpoTrainer::new(config.clone(), tiny::model(1)).unwrap();
    let report = trainer.step(&mut tiny::source(), &letter()).unwrap();
    let difference = report.sampling_difference_max.unwrap();
    assert!(difference > 1e-6 && difference < 0.2, "{difference}");
    for group in trainer.last_groups() {
        let key = Key::new(config.seed).at_step(1).for_problem(&group.problem.id);
        let prompt = EncodedPrompt { ids: group.prompt_ids.clone(), think_prefilled: false, key };
        let mut alone = Vec::new();
        let model = tiny::model(1);
        model
            .generate_packed_into(
                Packing::Q8_0,
                &[prompt],
                config.group_size,
                &config.sampling,
                &mut |_, group| {
                    alone = group;
                },
            )
            .unwrap();
        for (rollout, alone) in group.rollouts.iter().zip(&alone) {
            assert_eq!(
                (&rollout.completion.ids, &rollout.completion.logprobs),
                (&alone.ids, &alone.logprobs)
            );
        }
    }
    // The same bits again, and others than with the weights themselves.
    let packed = train_on(config, &mut PolicyRollouts { packing: Some(Packing::Q8_0) }, &letter(), 3);
    assert_eq!(
        train_on(tiny::config(), &mut PolicyRollouts { packing: Some(Packing::Q8_0) }, &letter(), 3),
        packed
    );
    assert_ne!(train_on(tiny::config(), &mut PolicyRollouts::default(), &letter(), 3), packed);
}
