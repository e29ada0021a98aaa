//! Randomness as a function of what it is for.
//!
//! A random number is not drawn from a stream that somebody else may have advanced; it is computed
//! from a [`Key`] that names its purpose. So any rollout can be replayed alone, and neither the
//! batch, the slot nor the number of threads can change it.
//!
//! The generator is our own, a chain of 64-bit finalisers, so that its numbers outlive any
//! dependency's version. It is not cryptographic.

/// Names one random sequence: the one for this sample of this problem at this step of this run.
///
/// ```
/// use r1_core::Key;
///
/// let key = Key::new(7).at_step(3).for_problem("gsm8k-12").for_sample(2);
/// assert_eq!(key.uniform(0), key.uniform(0));
/// assert_ne!(key.uniform(0), key.uniform(1));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, serde::Serialize, serde::Deserialize)]
pub struct Key {
    /// The run's seed.
    pub seed: u64,
    /// The rollout the number belongs to; 0 outside training.
    pub step: u64,
    /// Hash of the problem's id, see [`hash`].
    pub problem: u64,
    /// Index of the sample within its group.
    pub sample: u64,
}

impl Key {
    /// The key of a run's seed, with every other field zero.
    pub fn new(seed: u64) -> Self {
        Self { seed, ..Self::default() }
    }

    /// The same key at another step.
    pub fn at_step(self, step: u64) -> Self {
        Self { step, ..self }
    }

    /// The same key for the problem with this id.
    pub fn for_problem(self, id: &str) -> Self {
        Self { problem: hash(id), ..self }
    }

    /// The same key for another sample of the group.
    pub fn for_sample(self, sample: u64) -> Self {
        Self { sample, ..self }
    }

    /// 64 random bits for one position of the sequence.
    pub fn bits(&self, position: u64) -> u64 {
        [self.seed, self.step, self.problem, self.sample, position]
            .into_iter()
            .fold(0x243f_6a88_85a3_08d3, |state, word| {
                mix(state ^ mix(word.wrapping_add(GOLDEN))).wrapping_add(GOLDEN)
            })
    }

    /// A number in `[0, 1)` for one position of the sequence, a multiple of 2^-53.
    pub fn uniform(&self, position: u64) -> f64 {
        (self.bits(position) >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
    }

    /// The sequence's numbers in order, for generators of tasks and shuffles.
    pub fn stream(self) -> KeyedStream {
        KeyedStream { key: self, position: 0 }
    }
}

/// A [`Key`]'s numbers taken one after the other.
#[derive(Debug, Clone)]
pub struct KeyedStream {
    key: Key,
    position: u64,
}

impl KeyedStream {
    /// The next 64 random bits.
    pub fn bits(&mut self) -> u64 {
        let bits = self.key.bits(self.position);
        self.position += 1;
        bits
    }

    /// The next number in `[0, 1)`.
    pub fn uniform(&mut self) -> f64 {
        let value = self.key.uniform(self.position);
        self.position += 1;
        value
    }

    /// A whole number in `[0, bound)`, by multiplication (bias below 2^-32 for bounds below 2^32).
    ///
    /// # Panics
    /// When `bound` is zero.
    pub fn below(&mut self, bound: usize) -> usize {
        assert!(bound > 0, "nothing lies below zero");
        ((u128::from(self.bits()) * bound as u128) >> 64) as usize
    }

    /// A whole number in `[low, high]`.
    ///
    /// # Panics
    /// When `low > high`.
    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        assert!(low <= high, "the range {low}..={high} is empty");
        low + self.below((high - low) as usize + 1) as i64
    }

    /// True with this probability.
    pub fn chance(&mut self, probability: f64) -> bool {
        self.uniform() < probability
    }

    /// One element of a non-empty slice.
    ///
    /// # Panics
    /// When `items` is empty.
    pub fn choose<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len())]
    }

    /// Puts the items in a random order (Fisher and Yates).
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            let other = self.below(last + 1);
            items.swap(last, other);
        }
    }
}

const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// The finaliser of SplitMix64 (variant 13 of Stafford's mixers): a bijection of 64 bits.
fn mix(mut word: u64) -> u64 {
    word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}

/// A stable 64-bit hash of a text: FNV-1a, then mixed so that every bit counts.
pub fn hash(text: &str) -> u64 {
    let fnv = text.bytes().fold(0xcbf2_9ce4_8422_2325u64, |state, byte| {
        (state ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    mix(fnv)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_pinned_across_versions() {
        assert_eq!(Key::new(1).at_step(2).for_problem("p").for_sample(3).bits(4), 0x8bce_86ba_ad16_ec40);
        assert_eq!(hash("gsm8k-1"), 0x8844_3176_3bb3_29d1);
    }

    #[test]
    fn every_field_matters() {
        let key = Key::new(1).at_step(1).for_problem("a").for_sample(1);
        let others = [Key { seed: 2, ..key }, key.at_step(2), key.for_problem("b"), key.for_sample(2)];
        for other in others {
            assert_ne!(key.bits(0), other.bits(0));
        }
        // Swapping two fields is another key, too.
        assert_ne!(Key { seed: 1, step: 2, ..key }.bits(0), Key { seed: 2, step: 1, ..key }.bits(0));
    }

    #[test]
    fn uniforms_have_the_moments_of_the_uniform_distribution() {
        let key = Key::new(5);
        let values: Vec<f64> = (0..100_000).map(|i| key.uniform(i)).collect();
        let mean = values.iter().sum::<f64>() / 1e5;
        let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / 1e5;
        // Standard errors: 0.0009 for the mean, 0.0003 for the variance of 1/12.
        assert!((mean - 0.5).abs() < 0.004, "{mean}");
        assert!((variance - 1.0 / 12.0).abs() < 0.0015, "{variance}");
        assert!(values.iter().all(|v| (0.0..1.0).contains(v)));
    }

    #[test]
    fn a_shuffle_keeps_the_items() {
        let mut items: Vec<usize> = (0..50).collect();
        Key::new(9).stream().shuffle(&mut items);
        assert_ne!(items, (0..50).collect::<Vec<_>>());
        items.sort_unstable();
        assert_eq!(items, (0..50).collect::<Vec<_>>());
    }
}
