//! The softmax of rows of scores, of which each sees the first few, and its backward pass.
//!
//! Rows are whole vectors long. A score that is not seen becomes minus infinity and so, by the same operations as
//! the others, a probability of zero: no loop has single elements left over.

use crate::kernels::{
    Heads,
    simd::{dot, exp, max, sum_of, vectorized},
};

/// Elements of the longest vector; rows of scores are a multiple of it long.
pub(crate) const LANES: usize = 16;

/// What turns the exponentials of a row into probabilities.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Normalizer {
    /// `log Σ exp(scale · score)`
    pub(crate) lse: f32,
    /// `1 / Σ exp(scale · score − highest)`
    pub(crate) inverse: f32,
}

/// The vectors of a row that hold the first `visible` scores, the rest of them hidden. Clears the others.
#[inline(always)]
fn seen(row: &mut [f32], visible: usize) -> &mut [f32] {
    let (seen, hidden) = row.split_at_mut(visible.next_multiple_of(LANES));
    hidden.fill(0.0);
    seen[visible..].fill(f32::NEG_INFINITY);
    seen
}

/// Hides the first scores of each row of `length`: those of keys that a window leaves behind. Row `r` has
/// `visible + r · growth` keys in front of it.
pub(crate) fn leave_behind(scores: &mut [f32], length: usize, visible: usize, growth: usize, heads: Heads) {
    if heads.window.is_some() {
        for (row, scores) in scores.chunks_exact_mut(length).enumerate() {
            scores[..heads.unseen(visible + row * growth)].fill(f32::NEG_INFINITY);
        }
    }
}

vectorized! {
    /// Replaces each row of `length` scores by `exp(scale · score − highest)`, which the normaliser makes
    /// probabilities: row `r` sees its first `visible + r · growth` scores, the others become zero.
    pub(crate) fn exponentials(scores: &mut [f32], length: usize, visible: usize, growth: usize, scale: f32, normalizers: &mut [Normalizer]) {
        for (row, (scores, normalizer)) in scores.chunks_exact_mut(length).zip(normalizers).enumerate() {
            let seen = seen(scores, visible + row * growth);
            let highest = max(seen) * scale;
            let total = sum_of(seen, |score| exp(score.mul_add(scale, -highest)));
            *normalizer = Normalizer { lse: highest + total.ln(), inverse: 1.0 / total };
        }
    }

    /// Multiplies each row of `width` sums of exponentials' products by its normaliser.
    pub(crate) fn normalize(rows: &mut [f32], width: usize, normalizers: &[Normalizer]) {
        for (row, normalizer) in rows.chunks_exact_mut(width).zip(normalizers) {
            for element in row {
                *element *= normalizer.inverse;
            }
        }
    }

    /// From a row of scores and one of `dO Vᵀ` to its probabilities and score gradients.
    pub(crate) fn backward_row(p: &mut [f32], ds: &mut [f32], visible: usize, dout: &[f32], out: &[f32], lse: f32, scale: f32) {
        let projection = dot(dout, out);
        let p = seen(p, visible);
        let (ds, hidden) = ds.split_at_mut(p.len());
        hidden.fill(0.0);
        for (p, ds) in p.iter_mut().zip(ds) {
            *p = exp(p.mul_add(scale, -lse));
            *ds = *p * (*ds - projection) * scale;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_the_softmax_of_what_they_see() {
        for visible in [1, 2, 15, 16, 17, 31, 32] {
            let score = |row: usize, column: usize| ((row * 37 + column * 11) % 19) as f32 - 9.0;
            let mut scores: Vec<f32> = (0..96).map(|i| score(i / 48, i % 48)).collect();
            let mut normalizers = [Normalizer::default(); 2];
            exponentials(&mut scores, 48, visible, 3, 0.5, &mut normalizers);
            for (row, (found, normalizer)) in scores.chunks_exact(48).zip(normalizers).enumerate() {
                let visible = visible + 3 * row;
                let weight = |column| (0.5 * f64::from(score(row, column))).exp();
                let total: f64 = (0..visible).map(weight).sum();
                assert!((f64::from(normalizer.lse) - total.ln()).abs() < 1e-5);
                for (column, found) in found.iter().enumerate() {
                    let expected = if column < visible { weight(column) / total } else { 0.0 };
                    assert!(
                        (f64::from(found * normalizer.inverse) - expected).abs() < 1e-6,
                        "{row} {column}"
                    );
                }
            }
        }
    }
}
