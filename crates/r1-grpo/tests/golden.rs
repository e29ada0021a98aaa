//! The loss, its gradient and its metrics against TRL, case by case.

use std::ops::Range;

use burn::tensor::{Device, Tensor};
use r1_grpo::{
    Cispo, Clip, GrpoInputs, Kl, KlEstimator, LossMetrics, Objective, RatioLevel, Reduction, Sapo,
    StepTotals, Surrogate, Vespo, grpo_loss, per_token, top_entropy,
};
use serde::Deserialize;
use serde_json::{Map, Value};

#[derive(Deserialize)]
struct Golden {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    settings: Settings,
    logprobs: Vec<Vec<f32>>,
    old_logprobs: Vec<Vec<f32>>,
    reference_logprobs: Vec<Vec<f32>>,
    advantages: Vec<f32>,
    entropies: Vec<Vec<f32>>,
    completion_mask: Vec<Vec<u8>>,
    expected: Expected,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    loss_type: String,
    importance_sampling_level: String,
    beta: f32,
    epsilon_low: f32,
    epsilon_high: f32,
    delta: Option<f32>,
    use_bias_correction_kl: bool,
    off_policy_mask_threshold: Option<f32>,
    top_entropy_quantile: f32,
    entropy_coef: f32,
    max_completion_length: usize,
    sapo_temperature_pos: f32,
    sapo_temperature_neg: f32,
}

#[derive(Deserialize)]
struct Expected {
    loss: f64,
    gradient: Vec<Vec<f32>>,
    metrics: Map<String, Value>,
}

impl Case {
    fn objective(&self) -> Objective {
        let settings = &self.settings;
        let sequence = settings.importance_sampling_level == "sequence";
        let surrogate = match settings.loss_type.as_str() {
            "cispo" => Surrogate::Cispo(Cispo { ratio_cap: settings.epsilon_high, ratio_floor: None }),
            "sapo" => Surrogate::Sapo(Sapo {
                temperature_positive: settings.sapo_temperature_pos,
                temperature_negative: settings.sapo_temperature_neg,
            }),
            "vespo" => Surrogate::Vespo(Vespo::default()),
            _ => Surrogate::Clip(Clip {
                epsilon_low: settings.epsilon_low,
                epsilon_high: settings.epsilon_high,
                ratio_cap: settings.delta,
                dual_clip: None,
            }),
        };
        let reduction = match settings.loss_type.as_str() {
            "grpo" | "sapo" => Reduction::CompletionMean,
            "bnpo" => Reduction::LocalTokenMean,
            "dr_grpo" => Reduction::Constant { max_tokens: settings.max_completion_length },
            "dapo" | "cispo" | "vespo" => Reduction::TokenMean,
            "luspo" => Reduction::CompletionSum,
            other => panic!("loss_type {other} is not known"),
        };
        Objective {
            ratio: if sequence { RatioLevel::Sequence } else { RatioLevel::Token },
            surrogate,
            reduction,
            kl: Kl {
                estimator: KlEstimator::K3,
                coef: settings.beta,
                importance_weighted: settings.use_bias_correction_kl,
            },
            off_policy_threshold: settings.off_policy_mask_threshold,
            top_entropy: settings.top_entropy_quantile,
            entropy_coef: settings.entropy_coef,
            correction: None,
        }
    }

    /// The real tokens of a padded table, one completion after another.
    fn pack(&self, table: &[Vec<f32>]) -> Vec<f32> {
        let rows = table.iter().zip(&self.completion_mask);
        rows.flat_map(|(row, mask)| row.iter().zip(mask).filter(|(_, real)| **real == 1).map(|(x, _)| *x))
            .collect()
    }

    fn segments(&self) -> Vec<Range<usize>> {
        let mut end = 0;
        let lengths = self.completion_mask.iter().map(|row| row.iter().filter(|real| **real == 1).count());
        lengths
            .map(|length| {
                end += length;
                end - length..end
            })
            .collect()
    }
}

/// Loss, gradient and metrics of a case whose completions are spread over micro-batches of `size`.
fn run(case: &Case, size: usize) -> (f64, Vec<f32>, LossMetrics) {
    let device = Device::flex().autodiff();
    let objective = case.objective();
    objective.validate().unwrap();
    let segments = case.segments();
    let tokens = segments.last().unwrap().end;
    let logprobs = case.pack(&case.logprobs);
    let old_logprobs = case.pack(&case.old_logprobs);
    let reference_logprobs = case.pack(&case.reference_logprobs);
    let entropies = case.pack(&case.entropies);
    let advantages = per_token(&case.advantages, &segments);
    let top = top_entropy(&entropies, objective.top_entropy);
    let totals = StepTotals {
        completions: segments.len(),
        tokens,
        micro_batches: segments.len().div_ceil(size),
        ..StepTotals::default()
    };
    let (mut loss, mut gradient, mut metrics) = (0.0, Vec::new(), LossMetrics::default());
    for chunk in segments.chunks(size) {
        let range = chunk[0].start..chunk.last().unwrap().end;
        let local: Vec<_> = chunk.iter().map(|s| s.start - range.start..s.end - range.start).collect();
        let tensor = |values: &[f32]| Tensor::<1>::from_floats(&values[range.clone()], &device);
        let logprobs = tensor(&logprobs).require_grad();
        let output = grpo_loss(
            GrpoInputs {
                logprobs: logprobs.clone(),
                old_logprobs: tensor(&old_logprobs),
                reference_logprobs: (objective.kl.coef != 0.0).then(|| tensor(&reference_logprobs)),
                sampled_logprobs: None,
                advantages: tensor(&advantages),
                entropy: Some(tensor(&entropies)),
                top_entropy: Some(top),
                segments: &local,
                totals,
            },
            &objective,
        );
        loss += f64::from(output.loss.clone().into_scalar::<f32>());
        let gradients = output.loss.backward();
        gradient.extend(logprobs.grad(&gradients).unwrap().into_data().try_to_vec::<f32>().unwrap());
        metrics.merge(&output.metrics.read());
    }
    (loss, gradient, metrics)
}

fn close(actual: f64, expected: f64, tolerance: f64, what: &str) {
    assert!((actual - expected).abs() <= tolerance, "{what}: {actual}, expected {expected}");
}

fn cases() -> Vec<Case> {
    let golden: Golden = serde_json::from_str(include_str!("golden/grpo_loss.json")).unwrap();
    golden.cases
}

#[test]
fn every_case_has_the_loss_gradient_and_metrics_of_trl() {
    let cases = cases();
    assert_eq!(cases.len(), 36);
    for (index, case) in cases.iter().enumerate() {
        let name = format!(
            "case {index} ({}, {})",
            case.settings.loss_type, case.settings.importance_sampling_level
        );
        let (loss, gradient, metrics) = run(case, case.logprobs.len());
        let expected = &case.expected;
        close(loss, expected.loss, 1e-5, &format!("{name} loss"));
        close(metrics.loss(), loss, 1e-5, &format!("{name} loss from its parts"));
        for (t, (&actual, expected)) in gradient.iter().zip(case.pack(&expected.gradient)).enumerate() {
            close(actual.into(), expected.into(), 1e-5, &format!("{name} gradient of token {t}"));
        }
        for (metric, value) in &expected.metrics {
            let actual = match metric.as_str() {
                "entropy" => metrics.entropy.mean(),
                "kl" => metrics.kl.mean(),
                "clip_ratio/low_mean" => metrics.clipped_low.fraction(),
                "clip_ratio/high_mean" | "cispo_clip_ratio" => metrics.clipped_high.fraction(),
                "clip_ratio/region_mean" => metrics.clipped.fraction(),
                "clip_ratio/low_min" => metrics.clipped_low.by_completion.min,
                "clip_ratio/high_max" => metrics.clipped_high.by_completion.max,
                "policy_loss" => Some(metrics.policy_loss),
                "entropy_coef" => Some(case.objective().entropy_coef.into()),
                "vespo/phi_seq_mean" => metrics.vespo_weight.mean(),
                other => panic!("metric {other} is not known"),
            };
            close(actual.unwrap(), value.as_f64().unwrap(), 1e-6, &format!("{name} {metric}"));
        }
    }
}

#[test]
fn any_split_into_micro_batches_gives_the_same_loss_and_gradient() {
    for case in cases().iter().filter(|case| case.settings.loss_type != "bnpo") {
        let (loss, gradient, metrics) = run(case, case.logprobs.len());
        let largest = gradient.iter().fold(0f32, |largest, g| largest.max(g.abs()));
        for size in 1..case.logprobs.len() {
            let (split_loss, split_gradient, split_metrics) = run(case, size);
            close(split_loss, loss, 1e-6 * loss.abs().max(1.0), "loss");
            for (a, b) in split_gradient.iter().zip(&gradient) {
                close((*a).into(), (*b).into(), f64::from(largest) * 1e-6, "gradient");
            }
            assert_eq!(split_metrics.clipped.fraction(), metrics.clipped.fraction());
            assert_eq!((split_metrics.tokens, split_metrics.ratio.max), (metrics.tokens, metrics.ratio.max));
            close(split_metrics.loss(), metrics.loss(), 1e-9, "loss from its parts");
        }
    }
}
