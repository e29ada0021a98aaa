//! Settings over time and over groups: reference, signal, limits, entropy, terms.

use r1_grpo::{AdaptiveEntropy, GroupSignal, GrpoTrainer, Kl, Objective};
use r1_rewards::{Reward, Rubric, reward_fn};

use crate::{letter, tiny, train};

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
