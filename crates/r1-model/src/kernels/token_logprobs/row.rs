//! One row of logits: what both the sampler and training compute, by the same operations in the same
//! order, so that their log-probabilities agree to the last bit.

use crate::kernels::simd::{exp, max, sum, vectorized};

/// The normaliser of a row of logits `z / T`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Normalizer {
    /// The largest of `z / T`.
    highest: f32,
    /// `Σ exp(z / T − highest)`
    total: f64,
    /// `Σ exp(z / T − highest) (z / T − highest)`
    weighted: f64,
}

impl Normalizer {
    /// `log Σ exp(z / T)`
    pub(crate) fn log_sum_exp(&self) -> f64 {
        f64::from(self.highest) + self.total.ln()
    }

    /// What turns the exponentials that [`normalize`] leaves into probabilities.
    pub(crate) fn inverse_total(&self) -> f32 {
        (1.0 / self.total) as f32
    }

    /// The log-probability of a token with this logit, which was divided by the temperature.
    pub(crate) fn logprob(&self, scaled: f32) -> f32 {
        (f64::from(scaled) - self.log_sum_exp()) as f32
    }

    /// The entropy of the distribution, in nats.
    pub(crate) fn entropy(&self) -> f32 {
        (self.total.ln() - self.weighted / self.total) as f32
    }
}

vectorized! {
    /// Replaces logits by `exp(z / T − highest)` and returns their sums; `inverse` is `1 / T`.
    pub(crate) fn normalize(logits: &mut [f32], inverse: f32) -> Normalizer {
        let highest = max(logits) * inverse;
        let (mut weighted, mut total) = (0.0f64, 0.0f64);
        for block in logits.chunks_mut(1024) {
            let mut products = [0.0; 1024];
            for (z, product) in block.iter_mut().zip(&mut products) {
                let shifted = z.mul_add(inverse, -highest);
                *z = exp(shifted);
                *product = *z * shifted;
            }
            total += f64::from(sum(block));
            weighted += f64::from(sum(&products[..block.len()]));
        }
        Normalizer { highest, total, weighted }
    }
}
