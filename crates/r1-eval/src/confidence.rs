//! Standard errors and confidence intervals of means.

use r1_core::Key;
use serde::Serialize;

/// A mean over problems and its standard error.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Estimate {
    /// The mean.
    pub mean: f64,
    /// One standard error of the mean; unknown when there is only one problem.
    pub stderr: Option<f64>,
}

/// The mean of one value a problem, with its standard error.
///
/// ```text
/// stderr = s / √n,   s² = Σ (x_i − mean)² / (n − 1)
/// ```
///
/// The values are the problems' own means (the share of correct samples of each), so the spread
/// between samples of one problem is inside them, and samples that are not independent do not make
/// the error look smaller than it is.
///
/// # Panics
/// When there is no value.
///
/// # Examples
/// ```
/// // Squares around the mean 0.5: 0.25, 0, 0.25; s² = 0.5/2; stderr = 0.5/√3.
/// let estimate = r1_eval::estimate(&[0.0, 0.5, 1.0]);
/// assert_eq!(estimate.mean, 0.5);
/// assert!((estimate.stderr.unwrap() - 0.288_675).abs() < 1e-6);
/// ```
///
/// # Source
/// Miller (arXiv:2411.00640): errors clustered by question.
pub fn estimate(values: &[f64]) -> Estimate {
    assert!(!values.is_empty(), "a mean needs at least one value");
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    let stderr = (values.len() > 1).then(|| (squares / (count - 1.0) / count).sqrt());
    Estimate { mean, stderr }
}

/// The interval that holds the mean of `values` with probability `level`, by the percentiles of the
/// means of `resamples` sets drawn from them with replacement.
///
/// Resample `r` is drawn with `key.for_sample(r)`, so the same key gives the same interval.
///
/// # Panics
/// When there is no value, no resample, or `level` is not between 0 and 1.
///
/// # Examples
/// ```
/// use r1_core::Key;
///
/// let shares: Vec<f64> = (0..100).map(|problem| f64::from(problem % 2)).collect();
/// let (low, high) = r1_eval::bootstrap(&shares, 1000, 0.95, Key::new(7));
/// assert!(low > 0.38 && low < 0.42 && high > 0.58 && high < 0.62);
/// ```
///
/// # Source
/// Efron (1979), "Bootstrap methods: another look at the jackknife"; the percentile interval.
pub fn bootstrap(values: &[f64], resamples: usize, level: f64, key: Key) -> (f64, f64) {
    assert!(!values.is_empty() && resamples > 0, "a bootstrap needs values and resamples");
    assert!(level > 0.0 && level < 1.0, "the level is {level}; expected a number between 0 and 1");
    let mean = |resample: usize| {
        let mut stream = key.for_sample(resample as u64).stream();
        (0..values.len()).map(|_| *stream.choose(values)).sum::<f64>() / values.len() as f64
    };
    let mut means: Vec<f64> = (0..resamples).map(mean).collect();
    means.sort_by(f64::total_cmp);
    let at = |share: f64| means[((resamples - 1) as f64 * share).round() as usize];
    let tail = (1.0 - level) / 2.0;
    (at(tail), at(1.0 - tail))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_standard_error_of_a_share_is_the_binomial_one() {
        // 30 ones of 100: s² = 0.3 * 0.7 * 100/99, so stderr² = 0.21 / 99.
        let values: Vec<f64> = (0..100).map(|i| f64::from(u8::from(i < 30))).collect();
        let Estimate { mean, stderr } = estimate(&values);
        assert!((mean - 0.3).abs() < 1e-12);
        assert!((stderr.unwrap() - (0.21f64 / 99.0).sqrt()).abs() < 1e-12);
    }

    #[test]
    fn one_problem_says_nothing_about_the_error() {
        assert_eq!(estimate(&[0.25]), Estimate { mean: 0.25, stderr: None });
        assert_eq!(estimate(&[0.25, 0.25]).stderr, Some(0.0));
    }

    #[test]
    fn the_bootstrap_agrees_with_the_standard_error_and_with_itself() {
        let values: Vec<f64> = (0..400).map(|i| f64::from(i % 5) / 4.0).collect();
        let interval = bootstrap(&values, 2000, 0.95, Key::new(1));
        let Estimate { mean, stderr } = estimate(&values);
        let expected = 1.96 * stderr.unwrap();
        assert!((interval.0 - (mean - expected)).abs() < 0.15 * expected, "{interval:?}");
        assert!((interval.1 - (mean + expected)).abs() < 0.15 * expected, "{interval:?}");
        assert_eq!(interval, bootstrap(&values, 2000, 0.95, Key::new(1)));
        assert_ne!(interval, bootstrap(&values, 2000, 0.95, Key::new(2)));
    }

    #[test]
    fn the_interval_is_that_of_all_resamples() {
        // All 5^5 sets of five values, each as likely as the other.
        let values = [0.0, 0.1, 0.3, 0.6, 1.0];
        let mut means: Vec<f64> = (0..3125usize)
            .map(|set| (0..5u32).map(|place| values[set / 5usize.pow(place) % 5]).sum::<f64>() / 5.0)
            .collect();
        means.sort_by(f64::total_cmp);
        let share_below = |limit: f64| means.partition_point(|mean| *mean < limit) as f64 / 3125.0;
        for level in [0.5, 0.8, 0.95] {
            let (low, high) = bootstrap(&values, 40_000, level, Key::new(8));
            let tail = (1.0 - level) / 2.0;
            // The share of resamples below an end is off by at most 0.0025 (one standard error at the
            // median of 40,000) and by the ties there.
            for (end, share) in [(low, tail), (high, 1.0 - tail)] {
                let ties = share_below(end + 1e-9) - share_below(end - 1e-9);
                assert!(share_below(end - 1e-9) <= share + 0.01, "{level} {end}");
                assert!(share_below(end - 1e-9) + ties >= share - 0.01, "{level} {end}");
            }
        }
    }

    #[test]
    fn equal_values_have_no_spread() {
        assert_eq!(bootstrap(&[0.5; 10], 100, 0.9, Key::new(3)), (0.5, 0.5));
    }
}
