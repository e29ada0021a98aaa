//! The chance that one of k tries is right.

use crate::EvalError;

/// The unbiased estimate of pass@k from `samples` tries of which `correct` are right.
///
/// ```text
/// pass@k = 1 − C(n−c, k) / C(n, k) = 1 − ∏_{i=n−c+1}^{n} (1 − k/i)
/// ```
///
/// with `n` samples and `c` correct ones. It is the share of all choices of `k` samples that hold a
/// correct one. The product form has no large factorials. `1 − (1 − c/n)^k` would be biased.
///
/// # Errors
/// [`EvalError::PassAtK`] when `k` is 0 or more than `samples`, or `correct` is more than `samples`.
///
/// # Examples
/// ```
/// // Of the 10 pairs of 5 samples, 3 hold none of the 2 correct ones: 1 − 3/10.
/// assert!((r1_eval::pass_at_k(5, 2, 2)? - 0.7).abs() < 1e-12);
/// # Ok::<(), r1_eval::EvalError>(())
/// ```
///
/// # Source
/// Chen et al. (arXiv:2107.03374), eq. (1).
pub fn pass_at_k(samples: usize, correct: usize, k: usize) -> Result<f64, EvalError> {
    if k == 0 || k > samples || correct > samples {
        return Err(EvalError::PassAtK { samples, correct, k });
    }
    let wrong = samples - correct;
    if wrong < k {
        return Ok(1.0);
    }
    let none_correct: f64 = (wrong + 1..=samples).map(|i| 1.0 - k as f64 / i as f64).product();
    Ok(1.0 - none_correct)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The share of the subsets of size `k` that hold one of the first `correct` samples.
    fn by_counting(samples: usize, correct: usize, k: usize) -> f64 {
        let subsets = || (0u32..1 << samples).filter(|set| set.count_ones() as usize == k);
        let right = (1u32 << correct) - 1;
        subsets().filter(|set| set & right != 0).count() as f64 / subsets().count() as f64
    }

    #[test]
    fn the_estimate_counts_subsets() {
        for samples in 1..=9 {
            for correct in 0..=samples {
                for k in 1..=samples {
                    let estimate = pass_at_k(samples, correct, k).unwrap();
                    let expected = by_counting(samples, correct, k);
                    assert!((estimate - expected).abs() < 1e-12, "{samples} {correct} {k}: {estimate}");
                }
            }
        }
    }

    #[test]
    fn worked_values() {
        let check = |samples, correct, k, expected: f64| {
            let estimate = pass_at_k(samples, correct, k).unwrap();
            assert!((estimate - expected).abs() < 1e-12, "{samples} {correct} {k}: {estimate}");
        };
        // C(7, 1) / C(10, 1) = 7/10: pass@1 is the share of correct samples.
        check(10, 3, 1, 0.3);
        // C(8, 4) / C(10, 4) = 70/210 = 1/3.
        check(10, 2, 4, 2.0 / 3.0);
        // C(63, 16) / C(64, 16) = 48/64.
        check(64, 1, 16, 0.25);
        // Only 1 is wrong, so 2 tries always hold a correct one.
        check(4, 3, 2, 1.0);
        check(200, 0, 100, 0.0);
    }

    #[test]
    fn many_samples_do_not_overflow() {
        // C(99999, 1000) / C(100000, 1000) = 99000/100000.
        assert!((pass_at_k(100_000, 1, 1_000).unwrap() - 0.01).abs() < 1e-12);
    }

    #[test]
    fn more_tries_than_samples_are_refused() {
        for (samples, correct, k) in [(4, 1, 5), (4, 1, 0), (4, 5, 1), (0, 0, 1)] {
            assert!(matches!(pass_at_k(samples, correct, k), Err(EvalError::PassAtK { .. })));
        }
    }
}
