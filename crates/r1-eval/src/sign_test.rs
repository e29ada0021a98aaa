//! The sign test: the chance of gaining so many more problems than were lost.

/// The two-sided exact sign test: the chance that `gained + lost` fair coins fall at least as unevenly.
///
/// ```text
/// p = min(1, 2 · Σ_{i=0}^{min(g,l)} C(g+l, i) / 2^(g+l))
/// ```
///
/// Problems on which both sides agree say nothing and are not counted (McNemar's exact test).
///
/// # Examples
/// ```
/// // Five of five the same way: 2 / 32.
/// assert_eq!(r1_eval::sign_test(5, 0), 0.0625);
/// assert_eq!(r1_eval::sign_test(3, 3), 1.0);
/// ```
///
/// # Source
/// McNemar (1947), "Note on the sampling error of the difference between correlated proportions"; exact
/// by the binomial distribution.
pub fn sign_test(gained: usize, lost: usize) -> f64 {
    let coins = gained + lost;
    // Each term is C(n, i) / 2^n; the first may be too small for a float, so logarithms are added up.
    let mut term = -(coins as f64) * std::f64::consts::LN_2;
    let mut sum = 0.0;
    for i in 0..=gained.min(lost) {
        sum += term.exp();
        term += ((coins - i) as f64 / (i + 1) as f64).ln();
    }
    (2.0 * sum).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chance_counts_the_ways_that_coins_fall() {
        for coins in 0..=12usize {
            for gained in 0..=coins {
                let (few, most) = (gained.min(coins - gained), gained.max(coins - gained));
                let uneven = |set: &u32| {
                    let heads = set.count_ones() as usize;
                    heads <= few || heads >= most
                };
                let expected = (0u32..1 << coins).filter(uneven).count() as f64 / f64::from(1u32 << coins);
                let found = sign_test(gained, coins - gained);
                assert!((found - expected).abs() < 1e-12, "{gained} of {coins}: {found} {expected}");
            }
        }
    }

    #[test]
    fn many_problems_neither_overflow_nor_vanish() {
        // 2 ∑ C(2000, i) / 2^2000 up to 950: the normal approximation with continuity is 0.0268.
        let p = sign_test(1_050, 950);
        assert!((p - 0.0268).abs() < 2e-4, "{p}");
        assert!(sign_test(5_000, 5_000) == 1.0 && sign_test(3_000, 0) < 1e-300);
    }
}
