//! Short signatures of sets, equal in about as many places as the sets are alike.

use r1_core::Key;

/// The Mersenne prime that the hash functions count modulo.
const PRIME: u64 = (1 << 61) - 1;

/// A family of `bands * rows` hash functions `x -> (a x + b) mod (2^61 - 1)`.
///
/// The share of equal entries of two signatures estimates the Jaccard similarity `s` of the sets, and two
/// sets agree in a whole band with probability
///
/// ```text
/// P(s) = 1 − (1 − s^rows)^bands
/// ```
///
/// # Source
/// Broder, "On the resemblance and containment of documents" (1997); banding: Leskovec, Rajaraman and
/// Ullman, "Mining of Massive Datasets", section 3.4.
#[derive(Debug, Clone)]
pub(super) struct MinHash {
    rows: usize,
    functions: Vec<(u64, u64)>,
}

impl MinHash {
    pub(super) fn new(bands: usize, rows: usize, seed: u64) -> Self {
        let mut random = Key::new(seed).for_problem("minhash").stream();
        let functions = (0..bands * rows).map(|_| (1 + random.bits() % (PRIME - 1), random.bits() % PRIME));
        Self { rows, functions: functions.collect() }
    }

    /// The least value of each function over the set's hashes.
    pub(super) fn signature(&self, hashes: &[u64]) -> Vec<u64> {
        let least = |&(a, b): &(u64, u64)| {
            let value = |&hash: &u64| reduce(u128::from(a) * u128::from(hash % PRIME) + u128::from(b));
            hashes.iter().map(value).min().unwrap_or(PRIME)
        };
        self.functions.iter().map(least).collect()
    }

    /// The signature's bands.
    pub(super) fn bands<'a>(&self, signature: &'a [u64]) -> impl Iterator<Item = &'a [u64]> {
        signature.chunks_exact(self.rows)
    }
}

/// `value mod (2^61 - 1)`, for values below 2^123.
fn reduce(value: u128) -> u64 {
    let folded = (value & u128::from(PRIME)) as u64 + (value >> 61) as u64;
    let folded = (folded & PRIME) + (folded >> 61);
    if folded == PRIME { 0 } else { folded }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_remainder_is_that_of_a_division(a in 0..PRIME, x in 0..PRIME, b in 0..PRIME) {
            let value = u128::from(a) * u128::from(x) + u128::from(b);
            prop_assert_eq!(u128::from(reduce(value)), value % u128::from(PRIME));
        }
    }

    /// Two sets with `common` of their `total` members in common; the difference is even.
    fn pair(common: usize, total: usize, key: Key) -> [Vec<u64>; 2] {
        let mut random = key.stream();
        let members: Vec<u64> = (0..total).map(|_| random.bits()).collect();
        let alone = (total - common) / 2;
        let first = members[..common + alone].to_vec();
        let second = members[..common].iter().chain(&members[common + alone..]).copied().collect();
        [first, second]
    }

    #[test]
    fn equal_bands_follow_the_s_curve() {
        const TRIALS: usize = 1_500;
        let family = MinHash::new(16, 8, 3);
        for percent in [40usize, 56, 64, 70, 78, 86] {
            let (mut banded, mut equal) = (0, 0);
            for trial in 0..TRIALS {
                let [first, second] =
                    pair(percent, 100, Key::new(5).at_step(percent as u64).for_sample(trial as u64))
                        .map(|set| family.signature(&set));
                banded += usize::from(family.bands(&first).zip(family.bands(&second)).any(|(a, b)| a == b));
                equal += first.iter().zip(&second).filter(|(a, b)| a == b).count();
            }
            let s = percent as f64 / 100.0;
            let theory = 1.0 - (1.0 - s.powi(8)).powi(16);
            let within = |share: f64, theory: f64, trials: usize| {
                let sigma = (theory * (1.0 - theory) / trials as f64).sqrt();
                assert!(
                    (share - theory).abs() < 3.0 * sigma,
                    "{s}: {share} instead of {theory}, sigma {sigma}"
                );
            };
            within(banded as f64 / TRIALS as f64, theory, TRIALS);
            within(equal as f64 / (TRIALS * 128) as f64, s, TRIALS * 128);
        }
    }
}
