//! Statistics that add up over micro-batches.

use serde::{Deserialize, Serialize};

/// Count, sum, least and greatest of a number of values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Tally {
    /// Number of values.
    pub count: u64,
    /// Their sum.
    pub sum: f64,
    /// The least of them; `None` if there are none.
    pub min: Option<f64>,
    /// The greatest of them; `None` if there are none.
    pub max: Option<f64>,
}

impl Tally {
    /// Adds a value.
    pub fn add(&mut self, value: f64) {
        self.merge(&Self { count: 1, sum: value, min: Some(value), max: Some(value) });
    }

    /// Adds all values of another tally.
    pub fn merge(&mut self, other: &Self) {
        self.count += other.count;
        self.sum += other.sum;
        self.min = [self.min, other.min].into_iter().flatten().reduce(f64::min);
        self.max = [self.max, other.max].into_iter().flatten().reduce(f64::max);
    }

    /// Mean of the values, if there are any.
    pub fn mean(&self) -> Option<f64> {
        (self.count > 0).then(|| self.sum / self.count as f64)
    }
}

/// How often something happened to ratios, over all of them and by completion.
///
/// The ratios are one a token or one a completion, as [`RatioLevel`](crate::RatioLevel) says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Share {
    /// Number of ratios to which it happened.
    pub hits: u64,
    /// Number of ratios.
    pub of: u64,
    /// Fraction of the ratios of each completion to which it happened.
    pub by_completion: Tally,
}

impl Share {
    /// Adds the ratios of one completion.
    pub(crate) fn add_completion(&mut self, hits: u64, of: u64) {
        if of > 0 {
            self.hits += hits;
            self.of += of;
            self.by_completion.add(hits as f64 / of as f64);
        }
    }

    /// Adds another share.
    pub fn merge(&mut self, other: &Self) {
        self.hits += other.hits;
        self.of += other.of;
        self.by_completion.merge(&other.by_completion);
    }

    /// Fraction of all ratios to which it happened, if there are any.
    pub fn fraction(&self) -> Option<f64> {
        (self.of > 0).then(|| self.hits as f64 / self.of as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn merging_is_the_same_as_adding_one_by_one() {
        let values = [3.0, -1.0, 2.5, 0.0];
        let mut whole = Tally::default();
        values.iter().for_each(|&value| whole.add(value));
        let (mut left, mut right) = (Tally::default(), Tally::default());
        values[..1].iter().for_each(|&value| left.add(value));
        values[1..].iter().for_each(|&value| right.add(value));
        left.merge(&right);
        assert_eq!(left, whole);
        assert_eq!((whole.min, whole.max, whole.mean()), (Some(-1.0), Some(3.0), Some(1.125)));
    }

    #[test]
    fn nothing_has_no_mean() {
        assert_eq!(Tally::default().mean(), None);
        assert_eq!(Share::default().fraction(), None);
    }
}
