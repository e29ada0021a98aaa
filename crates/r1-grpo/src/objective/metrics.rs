//! What is observed while the loss is computed.

use std::ops::Range;

use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

use crate::{RatioLevel, Share, Surrogate, Tally};

/// Observations of one micro-batch, or of several merged. Everything is a sum or a count, so merging is exact.
///
/// At `π_θ = π_old` every ratio is 1, all clip shares are 0 and the policy loss is near 0, by construction.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LossMetrics {
    /// Completions seen.
    pub completions: u64,
    /// Tokens seen.
    pub tokens: u64,
    /// Share of the loss that is the surrogate's.
    pub policy_loss: f64,
    /// Share of the loss that is the divergence's, `kl_coef` included.
    pub kl_loss: f64,
    /// Share of the loss that is the entropy bonus (not above 0).
    pub entropy_loss: f64,
    /// Importance ratios, one a token (at the sequence levels the completion's, repeated).
    pub ratio: Tally,
    /// `k3` between π_old and π_θ in nats, one a token: how far the policy has moved since the rollout.
    pub old_kl: Tally,
    /// Divergence from the reference in nats, one a token, importance-weighted if the objective says so; empty
    /// without reference.
    pub kl: Tally,
    /// Entropy in nats, one a token; empty if it was not given.
    pub entropy: Tally,
    /// Ratios clipped below, with a negative advantage.
    pub clipped_low: Share,
    /// Ratios clipped above, with a positive advantage.
    pub clipped_high: Share,
    /// Ratios whose gradient was cut or limited in either way. For CISPO both signs of the advantage count.
    pub clipped: Share,
    /// Ratios limited by `ratio_cap` or `dual_clip`, with a negative advantage.
    pub capped: Share,
    /// Weights that correct the sampler's mismatch, one a token; empty without correction.
    pub correction: Tally,
    /// VESPO's weights, one a completion; empty for other surrogates.
    pub vespo_weight: Tally,
    /// Tokens on which the surrogate was masked, off-policy or of low entropy.
    pub masked_tokens: u64,
    /// Tokens whose loss was not a finite number. More than 0 means that the step must not be applied.
    pub non_finite_tokens: u64,
}

impl LossMetrics {
    /// Adds the observations of another micro-batch.
    pub fn merge(&mut self, other: &Self) {
        self.completions += other.completions;
        self.tokens += other.tokens;
        self.policy_loss += other.policy_loss;
        self.kl_loss += other.kl_loss;
        self.entropy_loss += other.entropy_loss;
        self.ratio.merge(&other.ratio);
        self.old_kl.merge(&other.old_kl);
        self.kl.merge(&other.kl);
        self.entropy.merge(&other.entropy);
        self.clipped_low.merge(&other.clipped_low);
        self.clipped_high.merge(&other.clipped_high);
        self.clipped.merge(&other.clipped);
        self.capped.merge(&other.capped);
        self.correction.merge(&other.correction);
        self.vespo_weight.merge(&other.vespo_weight);
        self.masked_tokens += other.masked_tokens;
        self.non_finite_tokens += other.non_finite_tokens;
    }

    /// The loss: the sum of its parts.
    pub fn loss(&self) -> f64 {
        self.policy_loss + self.kl_loss + self.entropy_loss
    }
}

/// Values of each token that are still on the device.
#[derive(Clone, Debug)]
pub(crate) struct TokenValues {
    pub(crate) ratio: Tensor<1>,
    pub(crate) token_log_ratio: Tensor<1>,
    pub(crate) advantages: Tensor<1>,
    pub(crate) policy_loss: Tensor<1>,
    pub(crate) kept: Option<Tensor<1>>,
    pub(crate) high_entropy: Option<Tensor<1>>,
    pub(crate) kl: Option<Tensor<1>>,
    pub(crate) entropy: Option<Tensor<1>>,
    pub(crate) correction: Option<Tensor<1>>,
    pub(crate) vespo_weight: Option<Tensor<1>>,
}

/// Observations that have not been read from the device yet.
#[derive(Clone, Debug)]
pub struct PendingMetrics {
    pub(crate) values: TokenValues,
    pub(crate) segments: Vec<Range<usize>>,
    pub(crate) weights: Vec<f64>,
    pub(crate) kl_coef: f64,
    pub(crate) entropy_weight: f64,
    pub(crate) level: RatioLevel,
    pub(crate) surrogate: Surrogate,
}

/// Which of the ranges of a surrogate a ratio has left.
#[derive(Clone, Copy, Default)]
struct Clipped {
    low: bool,
    high: bool,
    any: bool,
    capped: bool,
}

impl PendingMetrics {
    /// Reads the observations, in one transfer. It waits for the device, so call `backward` first.
    pub fn read(self) -> LossMetrics {
        let TokenValues { ratio, token_log_ratio, advantages, policy_loss, .. } = self.values;
        let mut rows = vec![ratio, token_log_ratio, advantages, policy_loss];
        let optional = [
            self.values.kept,
            self.values.high_entropy,
            self.values.kl,
            self.values.entropy,
            self.values.correction,
            self.values.vespo_weight,
        ];
        let row_of = optional.map(|values| {
            values.map(|values| {
                rows.push(values);
                rows.len() - 1
            })
        });
        let tokens = self.weights.len();
        let rows = rows.into_iter().map(|row| row.detach().inner()).collect();
        let data = Tensor::<1>::cat(rows, 0).into_data().convert::<f64>();
        let data = data.as_slice::<f64>().expect("the data was converted to f64");
        let row = |index: usize| &data[index * tokens..(index + 1) * tokens];
        let [kept, high_entropy, kl, entropy, correction, vespo_weight] = row_of.map(|index| index.map(row));
        let (ratio, log_ratio, advantages, policy_loss) = (row(0), row(1), row(2), row(3));

        let mut metrics = LossMetrics {
            completions: self.segments.len() as u64,
            tokens: tokens as u64,
            ratio: tally(ratio),
            old_kl: log_ratio.iter().fold(Tally::default(), |mut tally, &log| {
                tally.add(log.exp() - 1.0 - log);
                tally
            }),
            kl: kl.map(tally).unwrap_or_default(),
            entropy: entropy.map(tally).unwrap_or_default(),
            correction: correction.map(tally).unwrap_or_default(),
            ..LossMetrics::default()
        };
        for t in 0..tokens {
            let keep = kept.is_none_or(|kept| kept[t] != 0.0);
            metrics.policy_loss += self.weights[t] * policy_loss[t];
            metrics.kl_loss += self.kl_coef * self.weights[t] * kl.map_or(0.0, |kl| kl[t]);
            if let Some(entropy) = entropy
                && high_entropy.is_none_or(|high| high[t] != 0.0)
            {
                metrics.entropy_loss -= self.entropy_weight * entropy[t];
            }
            metrics.masked_tokens += u64::from(!keep);
            metrics.non_finite_tokens +=
                u64::from(!policy_loss[t].is_finite() || kl.is_some_and(|kl| !kl[t].is_finite()));
        }
        for range in self.segments.iter().filter(|range| !range.is_empty()) {
            if let Some(weight) = vespo_weight {
                metrics.vespo_weight.add(weight[range.start]);
            }
            let clipped = range.clone().map(|t| clipped(&self.surrogate, ratio[t], advantages[t]));
            count_completion(&mut metrics, clipped, self.level);
        }
        metrics
    }
}

fn tally(values: &[f64]) -> Tally {
    let mut tally = Tally::default();
    values.iter().for_each(|&value| tally.add(value));
    tally
}

/// At the sequence levels a completion has one ratio, and is clipped if any of its tokens is.
fn count_completion(
    metrics: &mut LossMetrics,
    clipped: impl Iterator<Item = Clipped> + Clone,
    level: RatioLevel,
) {
    let count = |select: fn(&Clipped) -> bool| {
        let (mut hits, mut of) = (0, 0);
        for one in clipped.clone() {
            hits += u64::from(select(&one));
            of += 1;
        }
        if level == RatioLevel::Token { (hits, of) } else { (hits.min(1), 1) }
    };
    let shares = [
        (&mut metrics.clipped_low, count(|clipped| clipped.low)),
        (&mut metrics.clipped_high, count(|clipped| clipped.high)),
        (&mut metrics.clipped, count(|clipped| clipped.any)),
        (&mut metrics.capped, count(|clipped| clipped.capped)),
    ];
    for (share, (hits, of)) in shares {
        share.add_completion(hits, of);
    }
}

fn clipped(surrogate: &Surrogate, ratio: f64, advantage: f64) -> Clipped {
    let mut clipped = Clipped::default();
    match surrogate {
        Surrogate::Clip(clip) => {
            let bound = |epsilon: f32| f64::from(1.0 + epsilon);
            clipped.low = advantage < 0.0 && ratio < bound(-clip.epsilon_low);
            clipped.high = advantage > 0.0 && ratio > bound(clip.epsilon_high);
            let cap = clip.ratio_cap.map(|cap| f64::from(cap).max(bound(clip.epsilon_high)));
            let beyond =
                [cap, clip.dual_clip.map(f64::from)].into_iter().flatten().any(|limit| ratio > limit);
            clipped.capped = advantage < 0.0 && beyond;
            clipped.any = clipped.low || clipped.high;
        }
        Surrogate::Cispo(cispo) => {
            let above = ratio > f64::from(cispo.ratio_cap);
            let below = cispo.ratio_floor.is_some_and(|floor| ratio < f64::from(floor));
            clipped.high = advantage > 0.0 && above;
            clipped.low = advantage < 0.0 && below;
            clipped.any = above || below;
        }
        Surrogate::Sapo(_) | Surrogate::Vespo(_) | Surrogate::Reinforce => {}
    }
    clipped
}
