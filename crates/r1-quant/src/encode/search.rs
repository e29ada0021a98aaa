//! Searches for the scale of a group that makes its weighted squared error small.

/// Scale and minimum of a group: `x ≈ scale q - minimum`, with `q` in `0..=max`.
///
/// Candidates of the inverse scale step through `(max + first + step i) / (largest - smallest)`; for each the integers
/// are rounded, then scale and minimum are the weighted least squares of them, and the best candidate stays. Its
/// minimum takes the place of the smallest value for the candidates that follow.
pub(super) struct AffineSearch {
    pub(super) max: u8,
    pub(super) first: f32,
    pub(super) step: f32,
    pub(super) steps: u32,
}

impl AffineSearch {
    pub(super) fn best(&self, x: &[f32], weights: &[f32], integers: &mut [u8]) -> (f32, f32) {
        let max = f32::from(self.max);
        let mut min = x.iter().fold(x[0], |min: f32, x| min.min(*x)).min(0.0);
        let largest = x.iter().fold(x[0], |max: f32, x| max.max(*x));
        if largest == min {
            integers.fill(0);
            return (0.0, -min);
        }
        let round = |inverse: f32, x: f32, min: f32| (inverse * (x - min)).round_ties_even().clamp(0.0, max);
        let inverse = max / (largest - min);
        let mut scale = 1.0 / inverse;
        for (q, x) in integers.iter_mut().zip(x) {
            *q = round(inverse, *x, min) as u8;
        }
        let error = |q: &[u8], scale: f32, min: f32| -> f32 {
            let difference = |((q, x), w): ((&u8, &f32), &f32)| {
                let difference = scale * f32::from(*q) + min - x;
                w * (difference * difference)
            };
            q.iter().zip(x).zip(weights).map(difference).sum()
        };
        let mut least = error(integers, scale, min);
        let sum_w: f32 = weights.iter().sum();
        let sum_x: f32 = weights.iter().zip(x).map(|(w, x)| w * x).sum();
        let mut tried = [0u8; 32];
        let tried = &mut tried[..x.len()];
        for i in 0..=self.steps {
            let inverse = (self.first + self.step * i as f32 + max) / (largest - min);
            let (mut sum_q, mut sum_q2, mut sum_xq) = (0.0f32, 0.0f32, 0.0f32);
            for ((q, x), w) in tried.iter_mut().zip(x).zip(weights) {
                let rounded = round(inverse, *x, min);
                *q = rounded as u8;
                sum_q += w * rounded;
                sum_q2 += w * rounded * rounded;
                sum_xq += w * rounded * x;
            }
            let determinant = sum_w * sum_q2 - sum_q * sum_q;
            if determinant <= 0.0 {
                continue;
            }
            let mut new_scale = (sum_w * sum_xq - sum_x * sum_q) / determinant;
            let mut new_min = (sum_q2 * sum_x - sum_q * sum_xq) / determinant;
            if new_min > 0.0 {
                (new_min, new_scale) = (0.0, sum_xq / sum_q2);
            }
            let new_error = error(tried, new_scale, new_min);
            if new_error < least {
                integers.copy_from_slice(tried);
                (least, scale, min) = (new_error, new_scale, new_min);
            }
        }
        (scale, -min)
    }
}

/// Scale of a group: `x ≈ scale q`, with `q` in `-half..half`. The weight of a value is its square.
///
/// Nineteen inverse scales around `-half / x` of the `x` farthest from zero are tried.
pub(super) fn symmetric_scale(x: &[f32], half: f32) -> f32 {
    let farthest = x.iter().fold(0.0, |found: f32, x| if x.abs() > found.abs() { *x } else { found });
    if farthest.abs() < 1e-15 {
        return 0.0;
    }
    let sums = |inverse: f32| {
        x.iter().fold((0.0f32, 0.0f32), |(sum_xq, sum_q2), x| {
            let q = (inverse * x).round_ties_even().clamp(-half, half - 1.0);
            let w = x * x;
            (sum_xq + w * x * q, sum_q2 + w * q * q)
        })
    };
    let (sum_xq, sum_q2) = sums(-half / farthest);
    let mut scale = if sum_q2 > 0.0 { sum_xq / sum_q2 } else { 0.0 };
    let mut best = scale * sum_xq;
    for i in (-9..=9).filter(|i| *i != 0) {
        let (sum_xq, sum_q2) = sums(-(half + 0.1 * i as f32) / farthest);
        if sum_q2 > 0.0 && sum_xq * sum_xq > best * sum_q2 {
            scale = sum_xq / sum_q2;
            best = scale * sum_xq;
        }
    }
    scale
}
