//! One step: bits, draws of problems, what rollouts and reports hold.

use r1_core::{Completion, Cursor, FinishReason, Generate, Key, LoopGuard, ProblemSource, Prompt, Sampling};
use r1_grpo::{GrpoTrainer, Kl, Objective};
use r1_rewards::{Reward, Rubric, reward_fn};

use crate::{bits, letter, tiny, train};

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
fn a_source_may_be_a_trait_object() {
    let mut source: Box<dyn ProblemSource> = Box::new(tiny::source());
    let reward: Box<dyn Reward> = Box::new(letter());
    let mut trainer = GrpoTrainer::new(tiny::config(), tiny::model(1)).unwrap();
    trainer.step(&mut *source, &reward).unwrap();
    trainer.step(source.as_mut(), reward.as_ref()).unwrap();
    assert_eq!((trainer.updates(), source.position()), (2, 8));
}

#[test]
fn completions_in_a_loop_are_ended_and_counted() {
    let mut config = tiny::config();
    let plain = GrpoTrainer::new(config.clone(), tiny::model(1)).unwrap();
    config.sampling.loop_guard = Some(LoopGuard { max_period: 1, repeats: 2, min_tokens: 2 });
    let guarded = GrpoTrainer::new(config, tiny::model(1)).unwrap();
    for (mut trainer, watched) in [(plain, false), (guarded, true)] {
        let report = trainer.step(&mut tiny::source(), &letter()).unwrap();
        let rollouts: Vec<_> = trainer.last_groups().flat_map(|group| &group.rollouts).collect();
        let loops = rollouts.iter().filter(|rollout| rollout.completion.finish == FinishReason::Loop).count();
        assert_eq!(loops > 0, watched);
        assert_eq!(report.looping_ratio, watched.then_some(loops as f64 / rollouts.len() as f64));
    }
}
