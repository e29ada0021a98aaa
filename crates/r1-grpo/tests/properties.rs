//! Laws of the equations, on random inputs.

use std::ops::Range;

use burn::tensor::{Device, Tensor};
use proptest::prelude::*;
use r1_grpo::{
    AdvantageConfig, Baseline, Clip, ClipInputs, Correction, CorrectionInputs, CorrectionLevel, GrpoInputs,
    KlEstimator, KlInputs, Objective, Outside, RatioInputs, RatioLevel, Reduction, Scale, StepTotals,
    Surrogate, batch_advantages, clip_loss, group_advantages, grpo_loss, kl_divergence, log_ratio,
    mismatch_weights,
};

fn device() -> Device {
    Device::flex().autodiff()
}

fn tensor(values: &[f32]) -> Tensor<1> {
    Tensor::from_floats(values, &device())
}

fn host(values: Tensor<1>) -> Vec<f32> {
    values.into_data().try_to_vec().unwrap()
}

fn graded(rewards: &[f32]) -> Vec<Option<f32>> {
    rewards.iter().copied().map(Some).collect()
}

/// A small micro-batch: log-probabilities before and after, advantages, completion lengths.
#[derive(Clone, Debug)]
struct Batch {
    logprobs: Vec<f32>,
    old_logprobs: Vec<f32>,
    advantages: Vec<f32>,
    lengths: Vec<usize>,
}

impl Batch {
    fn segments(&self) -> Vec<Range<usize>> {
        let mut end = 0;
        self.lengths
            .iter()
            .map(|length| {
                end += length;
                end - length..end
            })
            .collect()
    }

    /// Loss and gradient of the completions `range`, as a share of the whole batch.
    fn share(&self, range: Range<usize>, objective: &Objective) -> (f32, Vec<f32>) {
        let all = self.segments();
        let tokens = all[range.start].start..all[range.end - 1].end;
        let segments: Vec<_> =
            all[range].iter().map(|s| s.start - tokens.start..s.end - tokens.start).collect();
        let logprobs = tensor(&self.logprobs[tokens.clone()]).require_grad();
        let output = grpo_loss(
            GrpoInputs {
                logprobs: logprobs.clone(),
                old_logprobs: tensor(&self.old_logprobs[tokens.clone()]),
                reference_logprobs: Some(tensor(&self.old_logprobs[tokens.clone()])),
                sampled_logprobs: None,
                advantages: tensor(&self.advantages[tokens]),
                entropy: None,
                top_entropy: None,
                segments: &segments,
                totals: StepTotals {
                    completions: all.len(),
                    tokens: self.logprobs.len(),
                    ..StepTotals::default()
                },
            },
            objective,
        );
        let loss = output.loss.clone().into_scalar::<f32>();
        let gradients = output.loss.backward();
        (loss, host(logprobs.grad(&gradients).unwrap()))
    }
}

prop_compose! {
    fn batches()(lengths in prop::collection::vec(1usize..6, 2..5))(
        logprobs in prop::collection::vec(-4.0f32..-0.1, lengths.iter().sum::<usize>()),
        moved in prop::collection::vec(-0.8f32..0.8, lengths.iter().sum::<usize>()),
        advantages in prop::collection::vec(-2.0f32..2.0, lengths.iter().sum::<usize>()),
        lengths in Just(lengths),
    ) -> Batch {
        let old_logprobs = logprobs.iter().zip(moved).map(|(new, by)| new + by).collect();
        Batch { logprobs, old_logprobs, advantages, lengths }
    }
}

fn rewards() -> impl Strategy<Value = Vec<f32>> {
    prop::collection::vec(-3.0f32..3.0, 2..12)
}

fn objectives() -> impl Strategy<Value = Objective> {
    prop_oneof![
        Just(Objective::r1()),
        Just(Objective::grpo()),
        Just(Objective::dapo()),
        Just(Objective::dr_grpo(8)),
        Just(Objective::gspo()),
        Just(Objective::cispo()),
        Just(Objective { ratio: RatioLevel::SequenceToken, ..Objective::gspo() }),
        Just(Objective { reduction: Reduction::CompletionSum, ..Objective::grpo() }),
        Just(Objective { surrogate: Surrogate::Sapo(Default::default()), ..Objective::r1() }),
        Just(Objective { surrogate: Surrogate::Vespo(Default::default()), ..Objective::dapo() }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn advantages_of_a_group_sum_to_zero(rewards in rewards(), baseline in prop_oneof![
        Just(Baseline::GroupMean), Just(Baseline::LeaveOneOut)
    ]) {
        let config = AdvantageConfig { baseline, ..AdvantageConfig::default() };
        let sum: f32 = group_advantages(&graded(&rewards), &config).iter().sum();
        prop_assert!(sum.abs() < 1e-4, "{sum}");
    }

    #[test]
    fn advantages_are_unchanged_by_scaling_and_shifting_rewards(
        rewards in rewards(), gain in 0.5f32..4.0, shift in -2.0f32..2.0
    ) {
        prop_assume!(rewards.iter().any(|r| (r - rewards[0]).abs() > 0.1));
        let config = AdvantageConfig { epsilon: 0.0, ..AdvantageConfig::default() };
        let moved: Vec<f32> = rewards.iter().map(|r| gain * r + shift).collect();
        let pairs = group_advantages(&graded(&rewards), &config).into_iter()
            .zip(group_advantages(&graded(&moved), &config));
        for (before, after) in pairs {
            prop_assert!((before - after).abs() < 1e-4, "{before} {after}");
        }
    }

    #[test]
    fn permuting_a_group_permutes_its_advantages(rewards in rewards(), by in 0usize..12) {
        let by = by % rewards.len();
        let config = AdvantageConfig::default();
        let mut expected = group_advantages(&graded(&rewards), &config);
        expected.rotate_left(by);
        let mut rotated = rewards;
        rotated.rotate_left(by);
        for (a, b) in group_advantages(&graded(&rotated), &config).iter().zip(expected) {
            prop_assert!((a - b).abs() < 1e-5);
        }
    }

    #[test]
    fn an_abstaining_completion_changes_no_other_advantage(rewards in rewards(), at in 0usize..12) {
        let config = AdvantageConfig::default();
        let expected = group_advantages(&graded(&rewards), &config);
        let mut with = graded(&rewards);
        let at = at % (rewards.len() + 1);
        with.insert(at, None);
        let mut actual = group_advantages(&with, &config);
        prop_assert_eq!(actual.remove(at), 0.0);
        prop_assert_eq!(actual, expected);
    }

    #[test]
    fn batch_scaling_divides_all_groups_by_the_same_number(a in rewards(), b in rewards()) {
        prop_assume!(a[0] != a[1]);
        let groups = [graded(&a), graded(&b)];
        let centred = batch_advantages(&groups, &AdvantageConfig::dr_grpo());
        let scaled = batch_advantages(&groups, &AdvantageConfig { scale: Scale::Batch, ..AdvantageConfig::default() });
        let factor = centred[0][0] / scaled[0][0];
        prop_assume!(factor.is_finite());
        for (c, s) in centred.concat().iter().zip(scaled.concat()) {
            prop_assert!((c - s * factor).abs() < 1e-3, "{c} {s} {factor}");
        }
    }

    #[test]
    fn k3_is_never_negative_and_zero_iff_equal(logprob in -8.0f32..0.0, reference in -8.0f32..0.0) {
        let kl = |reference: f32| {
            let inputs = KlInputs { logprobs: tensor(&[logprob]), reference_logprobs: tensor(&[reference]) };
            kl_divergence(inputs, KlEstimator::K3).into_scalar::<f32>()
        };
        prop_assert_eq!(kl(logprob), 0.0);
        prop_assert!(kl(reference) >= 0.0);
        if (logprob - reference).abs() > 1e-2 {
            prop_assert!(kl(reference) > 0.0);
        }
    }

    #[test]
    fn at_ratio_one_the_gradient_is_that_of_reinforce(batch in batches(), objective in objectives()) {
        let mut batch = batch;
        batch.old_logprobs = batch.logprobs.clone();
        // Within a completion GSPO spreads the advantage, so it must be the same for every token.
        for segment in batch.segments() {
            let first = batch.advantages[segment.start];
            batch.advantages[segment].fill(first);
        }
        let reinforce = Objective { surrogate: Surrogate::Reinforce, ratio: RatioLevel::Token, ..objective.clone() };
        let completions = batch.lengths.len();
        let (_, expected) = batch.share(0..completions, &reinforce);
        let (_, actual) = batch.share(0..completions, &objective);
        for (a, b) in actual.iter().zip(expected) {
            prop_assert!((a - b).abs() < 1e-5, "{a} {b}");
        }
    }

    #[test]
    fn the_clipped_objective_never_exceeds_the_unclipped(ratio in 0.0f32..5.0, advantage in -3.0f32..3.0) {
        let clip = Clip { epsilon_low: 0.2, epsilon_high: 0.28, ratio_cap: None, dual_clip: None };
        let loss = clip_loss(ClipInputs { ratio: tensor(&[ratio]), advantages: tensor(&[advantage]) }, &clip);
        prop_assert!(-loss.into_scalar::<f32>() <= ratio * advantage);
    }

    #[test]
    fn limits_bound_the_loss_of_bad_tokens(ratio in 0.0f32..100.0, advantage in -3.0f32..0.0) {
        let loss = |clip: Clip| {
            clip_loss(ClipInputs { ratio: tensor(&[ratio]), advantages: tensor(&[advantage]) }, &clip)
                .into_scalar::<f32>()
        };
        let plain = Clip { epsilon_low: 0.2, epsilon_high: 0.2, ratio_cap: None, dual_clip: None };
        let dual = loss(Clip { dual_clip: Some(3.0), ..plain });
        prop_assert!(dual <= 3.0 * advantage.abs() + 1e-5);
        let two_sided = loss(Clip { ratio_cap: Some(4.0), ..plain });
        prop_assert!(two_sided <= 4.0 * advantage.abs() + 1e-5);
    }

    #[test]
    fn any_split_into_micro_batches_gives_the_same_loss_and_gradient(
        batch in batches(), objective in objectives(), cut in 1usize..4
    ) {
        let completions = batch.lengths.len();
        let cut = cut.min(completions - 1);
        let (loss, gradient) = batch.share(0..completions, &objective);
        let (left, mut split) = batch.share(0..cut, &objective);
        let (right, rest) = batch.share(cut..completions, &objective);
        split.extend(rest);
        // Tokens of both signs may cancel to a small loss; what is rounded are their own terms.
        let size = batch.advantages.iter().map(|advantage| advantage.abs()).sum::<f32>() / batch.advantages.len() as f32;
        let size = [loss, left, right].iter().fold(size, |size, loss| size.max(loss.abs()));
        prop_assert!((left + right - loss).abs() <= 1e-6 * size, "{left} + {right} is not {loss}");
        prop_assert_eq!(split, gradient);
    }

    #[test]
    fn sequence_ratios_are_geometric_means(batch in batches()) {
        let inputs = || RatioInputs {
            logprobs: tensor(&batch.logprobs),
            old_logprobs: tensor(&batch.old_logprobs),
            segments: &[],
        };
        let segments = batch.segments();
        let of = |level| host(log_ratio(RatioInputs { segments: &segments, ..inputs() }, level));
        let (token, sequence, both) =
            (of(RatioLevel::Token), of(RatioLevel::Sequence), of(RatioLevel::SequenceToken));
        for segment in &segments {
            let mean = token[segment.clone()].iter().sum::<f32>() / segment.len() as f32;
            for t in segment.clone() {
                prop_assert!((sequence[t] - mean).abs() < 1e-5);
                prop_assert!((both[t] - mean).abs() < 1e-5);
            }
        }
    }

    #[test]
    fn corrections_stay_in_their_range(batch in batches(), mask in any::<bool>(), level in prop_oneof![
        Just(CorrectionLevel::Token), Just(CorrectionLevel::Sequence), Just(CorrectionLevel::SequenceMean)
    ]) {
        let outside = if mask { Outside::Mask } else { Outside::Truncate };
        let correction = Correction { level, outside, min: Some(0.7), max: 1.5 };
        let weights = host(mismatch_weights(
            CorrectionInputs {
                old_logprobs: tensor(&batch.old_logprobs),
                sampled_logprobs: tensor(&batch.logprobs),
                segments: &batch.segments(),
            },
            &correction,
        ));
        for weight in weights {
            prop_assert!((0.7..=1.5).contains(&weight) || (mask && weight == 0.0), "{weight}");
        }
    }
}
