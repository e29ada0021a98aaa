//! The trainer's promises, each on a tiny model.

mod tiny;

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::Tensor;
use r1_core::{Completion, Cursor, FinishReason, Generate, Key, Problem, ProblemSource, Prompt, Sampling};
use r1_grpo::{AdaptiveEntropy, GroupSignal, GrpoConfig, GrpoError, GrpoTrainer, Kl, Objective, StepReport};
use r1_model::Transformer;
use r1_rewards::{Outcome, Reward, RewardError, Rubric, reward_fn};

fn letter() -> impl Reward {
    reward_fn("letter", |_, completion| completion.text.matches('a').count() as f32)
}

/// All weights in the order of their paths, as bits.
fn bits(model: &Transformer) -> Vec<u32> {
    struct Collector(Vec<u32>);
    impl ModuleVisitor for Collector {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            let values = param.val().into_data().try_to_vec::<f32>().unwrap();
            self.0.extend(values.into_iter().map(f32::to_bits));
        }
    }
    let mut collector = Collector(Vec::new());
    model.visit(&mut collector);
    collector.0
}

fn train(config: GrpoConfig, updates: u64) -> (Vec<StepReport>, GrpoTrainer) {
    let mut trainer = GrpoTrainer::new(config, tiny::model(1)).unwrap();
    let mut source = tiny::source();
    let reports = (0..updates).map(|_| trainer.step(&mut source, &letter()).unwrap()).collect();
    (reports, trainer)
}

#[test]
fn the_same_seed_gives_the_same_bits() {
    for config in
        [tiny::config(), tiny::config().with_mini_batches_per_rollout(2).with_tokens_per_micro_batch(40)]
    {
        let (reports, trainer) = train(config.clone(), 3);
        let (again, other) = train(config.clone(), 3);
        assert_eq!(reports, again);
        assert_eq!(bits(&trainer.policy().model), bits(&other.policy().model));
        let (different, _) = train(config.with_seed(1), 3);
        assert_ne!(reports, different);
    }
}

#[test]
fn problems_are_drawn_only_when_no_rollouts_are_pending() {
    let config = tiny::config().with_prompts_per_step(2).with_mini_batches_per_rollout(4);
    let mut trainer = GrpoTrainer::new(config, tiny::model(1)).unwrap();
    let mut source = tiny::source();
    let mut positions = Vec::new();
    for update in 1..=9 {
        let report = trainer.step(&mut source, &letter()).unwrap();
        assert_eq!((report.step, trainer.updates()), (update, update));
        assert_eq!(trainer.last_groups().count(), 2);
        assert_eq!(trainer.timings().sampled_tokens > 0, update % 4 == 1);
        positions.push(source.position());
    }
    assert_eq!(positions, [8, 8, 8, 8, 16, 16, 16, 16, 24]);
}

#[test]
fn epochs_go_over_the_same_rollouts_and_move_away_from_them() {
    let config = tiny::config().with_inner_epochs(3).with_objective(Objective::dapo());
    let mut trainer = GrpoTrainer::new(config, tiny::model(1)).unwrap();
    let mut source = tiny::source();
    let mut ids = Vec::new();
    let mut clipped = Vec::new();
    for _ in 0..3 {
        let report = trainer.step(&mut source, &letter()).unwrap();
        let mut these: Vec<String> = trainer.last_groups().map(|group| group.problem.id.clone()).collect();
        these.sort();
        ids.push(these);
        clipped.push(report.clip_region_mean.unwrap());
    }
    assert_eq!(source.position(), 4);
    assert!(ids.iter().all(|these| *these == ids[0]));
    assert_eq!(clipped[0], 0.0);
    assert!(clipped[2] > 0.0, "{clipped:?}");
}

#[test]
fn truncated_and_greedy_sampling_are_refused() {
    let refusal = |sampling: Sampling| {
        let config = tiny::config().with_sampling(sampling);
        GrpoTrainer::new(config, tiny::model(1)).err().unwrap().to_string()
    };
    let top_p = refusal(Sampling { top_p: 0.95, ..Sampling::default() });
    assert!(top_p.starts_with("`sampling.top_p` is 0.95; training needs samples of the whole"), "{top_p}");
    assert!(refusal(Sampling { top_k: Some(5), ..Sampling::default() }).contains("`sampling.top_k` is 5"));
    assert!(refusal(Sampling { min_p: 0.1, ..Sampling::default() }).contains("`sampling.min_p` is 0.1"));
    let greedy = refusal(Sampling::greedy());
    assert!(greedy.starts_with("setting `sampling.temperature` is 0; it must be above 0"), "{greedy}");
}

#[test]
fn the_samplers_logprobs_are_the_trainers() {
    for temperature in [1.0, 0.6] {
        for config in [tiny::config(), tiny::config().with_inner_epochs(2)] {
            let (reports, _) = train(config.with_temperature(temperature), 4);
            // With several epochs, those of the policy that sampled are meant.
            for report in reports {
                assert!(report.sampling_difference_max.unwrap() < 1e-5, "{report:?}");
            }
        }
    }
}

#[test]
fn a_rollout_can_be_replayed_alone() {
    let config = tiny::config();
    let mut trainer = GrpoTrainer::new(config.clone(), tiny::model(1)).unwrap();
    let mut source = tiny::source();
    trainer.step(&mut source, &letter()).unwrap();
    for group in trainer.last_groups() {
        let key = Key::new(config.seed).at_step(1).for_problem(&group.problem.id);
        let prompt = Prompt::text(group.problem.question.clone(), key);
        let alone = tiny::model(1).generate(&[prompt], config.group_size, &config.sampling).unwrap();
        let ids = |completions: Vec<&Completion>| -> Vec<Vec<u32>> {
            completions.into_iter().map(|completion| completion.ids.clone()).collect()
        };
        let together = group.rollouts.iter().map(|rollout| &rollout.completion).collect();
        assert_eq!(ids(alone[0].iter().collect()), ids(together));
    }
}

#[test]
fn a_problem_that_comes_twice_gets_other_completions() {
    let mut source = Cursor::new(tiny::problems()[..1].to_vec(), 0).unwrap();
    let mut trainer = GrpoTrainer::new(tiny::config(), tiny::model(1)).unwrap();
    trainer.step(&mut source, &letter()).unwrap();
    let texts: Vec<Vec<&str>> = trainer
        .last_groups()
        .map(|group| group.rollouts.iter().map(|rollout| rollout.completion.text.as_str()).collect())
        .collect();
    assert_eq!(texts.len(), 4);
    assert!(texts.iter().skip(1).all(|group| *group != texts[0]), "{texts:?}");
}

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
fn the_reference_holds_the_policy_back_and_is_refreshed_when_a_rollout_starts() {
    let pulled = |coef: f32| {
        let objective = Objective { kl: Kl::k3(coef), ..Objective::dapo() };
        let config = tiny::config().with_objective(objective).with_reference_refresh(Some(4));
        train(config.with_mini_batches_per_rollout(2).with_prompts_per_step(2), 6).0
    };
    assert!(pulled(0.0).iter().all(|report| report.kl.is_none()));
    let kl: Vec<f64> = pulled(0.001).iter().map(|report| report.kl.unwrap()).collect();
    // The policy is its own reference at the first update and at the first after the refresh.
    assert!(kl[0] < 1e-9 && kl[4] < 1e-9, "{kl:?}");
    assert!(kl[1] > 1e-6 && kl[2] > kl[1] && kl[5] > 1e-6, "{kl:?}");
    let strict: Vec<f64> = pulled(10.0).iter().map(|report| report.kl.unwrap()).collect();
    assert!(strict[3] < kl[3], "{strict:?} {kl:?}");
}

#[test]
fn a_report_has_the_names_of_trl() {
    let right = reward_fn("accuracy", |_, completion| completion.text.starts_with('a') as u8 as f32);
    let rubric = Rubric::new().with(1.0, right).with(0.5, letter());
    let objective = Objective { kl: Kl::k3(0.001), ..Objective::dapo() };
    let config =
        tiny::config().with_objective(objective).with_schedule(r1_train::Schedule::Constant { warmup: 10 });
    let mut trainer = GrpoTrainer::new(config, tiny::model(1)).unwrap();
    let report = trainer.step(&mut tiny::source(), &rubric as &dyn Reward).unwrap();
    let json = serde_json::to_value(&report).unwrap();
    for name in [
        "step",
        "loss",
        "policy_loss",
        "kl",
        "entropy",
        "grad_norm",
        "learning_rate",
        "num_tokens",
        "reward",
        "reward_std",
        "frac_reward_zero_std",
        "rewards/accuracy/mean",
        "rewards/accuracy/std",
        "rewards/letter/mean",
        "completions/mean_length",
        "completions/min_length",
        "completions/max_length",
        "completions/clipped_ratio",
        "clip_ratio/low_mean",
        "clip_ratio/low_min",
        "clip_ratio/high_mean",
        "clip_ratio/high_max",
        "clip_ratio/region_mean",
        "sampling/sampling_logp_difference/mean",
        "sampling/sampling_logp_difference/max",
        "pass_at_1",
        "effective_groups",
        "ungradable",
        "abstained",
    ] {
        assert!(json[name].is_number(), "{name} is {}", json[name]);
    }
    assert_eq!(json["pass_at_1"], json["rewards/accuracy/mean"]);
    assert!((report.learning_rate - 5e-4).abs() < 1e-12);
    let rollouts: Vec<_> = trainer.last_groups().flat_map(|group| &group.rollouts).collect();
    let cut = rollouts.iter().filter(|rollout| rollout.completion.finish == FinishReason::Length).count();
    assert_eq!(report.clipped_ratio, cut as f64 / rollouts.len() as f64);
    let row = &r1_grpo::RolloutRow::of_group(1, trainer.last_groups().next().unwrap())[0];
    assert_eq!(row.rewards.keys().collect::<Vec<_>>(), ["accuracy", "letter"]);
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

#[test]
fn a_source_may_be_a_trait_object() {
    let mut source: Box<dyn ProblemSource> = Box::new(tiny::source());
    let reward: Box<dyn Reward> = Box::new(letter());
    let mut trainer = GrpoTrainer::new(tiny::config(), tiny::model(1)).unwrap();
    trainer.step(&mut *source, &reward).unwrap();
    trainer.step(source.as_mut(), reward.as_ref()).unwrap();
    assert_eq!((trainer.updates(), source.position()), (2, 8));
}

/// Problems `p0`, `p2`, `p4` have no signal; the others count letters.
fn every_other() -> impl Reward {
    reward_fn("every other", |problem, completion| match problem.id.as_str() {
        "p0" | "p2" | "p4" => 0.0,
        _ => completion.text.matches('a').count() as f32 + completion.ids[0] as f32,
    })
}

#[test]
fn groups_without_signal_are_replaced_until_the_batch_is_full() {
    let config = tiny::config().with_refill_rounds(10);
    let mut trainer = GrpoTrainer::new(config, tiny::model(1)).unwrap();
    let mut source = tiny::source();
    let report = trainer.step(&mut source, &every_other()).unwrap();
    let groups: Vec<_> = trainer.last_groups().collect();
    assert_eq!((groups.len(), report.effective_groups), (4, 4));
    assert!(groups.iter().all(|group| group.signal() == GroupSignal::Mixed));
    assert!(report.refill_rounds > 0 && report.dropped_groups > 0);
    assert_eq!(source.position(), (4 + report.dropped_groups) as u64);
    assert_eq!(trainer.rollouts(), 1 + report.refill_rounds as u64);
}

#[test]
fn refilling_is_bounded_and_a_step_without_signal_says_why() {
    let nothing = reward_fn("nothing", |_, _| 0.0);
    let mut trainer = GrpoTrainer::new(tiny::config().with_refill_rounds(2), tiny::model(1)).unwrap();
    let mut source = tiny::source();
    let report = trainer.step(&mut source, &nothing).unwrap();
    assert_eq!((report.refill_rounds, report.dropped_groups, source.position()), (2, 12, 12));
    assert!(report.diagnosis.unwrap().starts_with("all 32 completions got 0: "), "the cause is missing");
    let (reports, _) = train(tiny::config(), 1);
    assert_eq!((reports[0].refill_rounds, &reports[0].diagnosis), (0, &None));
}

#[test]
fn the_limit_of_tokens_is_raised_when_its_time_has_come() {
    let (reports, _) = train(tiny::config().with_max_tokens_after(2, 9).with_max_tokens_after(3, 12), 4);
    let limits: Vec<_> = reports.iter().map(|report| (report.max_tokens, report.max_length <= 12)).collect();
    assert_eq!(limits, [(6, true), (6, true), (9, true), (12, true)]);
    assert!(reports[0].max_length <= 6 && reports[3].max_length > 6);
}

#[test]
fn an_adaptive_entropy_bonus_grows_while_the_policy_is_too_sure_of_itself() {
    let adaptive = AdaptiveEntropy { target: 10.0, delta: 0.25, ..AdaptiveEntropy::default() };
    let (reports, _) = train(tiny::config().with_adaptive_entropy(adaptive), 4);
    let weights: Vec<f32> = reports.iter().map(|report| report.entropy_coef.unwrap()).collect();
    assert_eq!(weights, [0.0, 0.25, 0.5, 0.75]);
    let idle = AdaptiveEntropy { target: 0.01, ..adaptive };
    let (reports, _) = train(tiny::config().with_adaptive_entropy(idle), 3);
    assert!(reports.iter().all(|report| report.entropy_coef == Some(0.0)));
}

#[test]
fn gdpo_compares_each_term_on_its_own() {
    let large = reward_fn("large", |_, completion| 1000.0 * completion.text.matches('b').count() as f32);
    let rubric = Rubric::new().with(1.0, letter()).with(1.0, large);
    let config = tiny::config().with_term_weights([("letter", 1.0), ("large", 0.0)]);
    let mut trainer = GrpoTrainer::new(config, tiny::model(1)).unwrap();
    trainer.step(&mut tiny::source(), &rubric).unwrap();
    for group in trainer.last_groups() {
        for (a, b) in group.rollouts.iter().zip(group.rollouts.iter().skip(1)) {
            let letters = |rollout: &r1_grpo::Rollout| rollout.completion.text.matches('a').count();
            assert_eq!(letters(a) > letters(b), a.advantage > b.advantage);
        }
    }
}
