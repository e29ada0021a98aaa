//! Sequences of different lengths in batches of one size.

use std::collections::{BTreeMap, VecDeque};

use crate::DataError;

/// What happens to a sequence that is longer than the budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Overlong {
    /// An error.
    #[default]
    Refuse,
    /// It is left out and listed.
    Drop,
    /// Its first tokens are kept, and it is listed.
    Truncate,
}

/// Which sequences share a bin.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Packing {
    /// The bins, each with its sequences in the order they are laid out.
    pub bins: Vec<Vec<Packed>>,
    /// The sequences whose last tokens were cut off, by index in order.
    pub truncated: Vec<usize>,
    /// The sequences that were left out, by index in order.
    pub dropped: Vec<usize>,
}

/// One sequence in a bin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Packed {
    /// Which sequence.
    pub index: usize,
    /// How many of its tokens, from the first.
    pub tokens: usize,
}

impl Packing {
    /// The share of the bins' tokens that are used, in `[0, 1]`; 1 without bins.
    pub fn efficiency(&self, budget_tokens: usize) -> f64 {
        let used: usize = self.bins.iter().flatten().map(|packed| packed.tokens).sum();
        if self.bins.is_empty() { 1.0 } else { used as f64 / (self.bins.len() * budget_tokens) as f64 }
    }
}

/// Packs sequences into bins of at most `budget_tokens`: the longest first, each into the fullest bin that
/// still has room for it.
///
/// Of bins that are equally full the one that became so first is taken, and sequences of equal length
/// stay in order, so that the result is a function of the lengths. Empty sequences are in no bin. It takes
/// `O(n log n)` steps.
///
/// The bins hold indices and no tokens: whoever lays them out starts the positions of each sequence at 0
/// and keeps attention within it.
///
/// # Errors
/// [`DataError::Setting`] when the budget is 0, or a sequence is longer and `overlong` refuses that.
///
/// # Examples
/// ```
/// use r1_data::packing::{Overlong, best_fit_decreasing};
///
/// let packing = best_fit_decreasing(&[5, 2, 3, 1], 4, Overlong::Truncate)?;
/// let bins: Vec<Vec<usize>> =
///     packing.bins.iter().map(|bin| bin.iter().map(|packed| packed.index).collect()).collect();
/// assert_eq!(bins, [vec![0], vec![2, 3], vec![1]]);
/// assert_eq!(packing.truncated, [0]);
/// # Ok::<(), r1_data::DataError>(())
/// ```
///
/// # Source
/// "Fewer Truncations Improve Language Modeling" (arXiv:2404.10830v2), algorithm 1; equal to `bfd` of TRL.
pub fn best_fit_decreasing(
    lengths: &[usize],
    budget_tokens: usize,
    overlong: Overlong,
) -> Result<Packing, DataError> {
    if budget_tokens == 0 {
        return Err(DataError::Setting { name: "budget_tokens", reason: "is 0; nothing fits".into() });
    }
    let mut packing = Packing::default();
    let mut sequences = Vec::with_capacity(lengths.len());
    for (index, &tokens) in lengths.iter().enumerate().filter(|(_, tokens)| **tokens > 0) {
        if tokens > budget_tokens {
            match overlong {
                Overlong::Refuse => {
                    let reason = format!(
                        "is {budget_tokens}, but sequence {index} has {tokens} tokens; raise it, or drop or \
                         truncate what is too long"
                    );
                    return Err(DataError::Setting { name: "budget_tokens", reason });
                }
                Overlong::Drop => {
                    packing.dropped.push(index);
                    continue;
                }
                Overlong::Truncate => packing.truncated.push(index),
            }
        }
        sequences.push(Packed { index, tokens: tokens.min(budget_tokens) });
    }
    sequences.sort_by_key(|packed| std::cmp::Reverse(packed.tokens));
    // The bins by the room that they have left, those of equal room in the order they came to it.
    let mut room: BTreeMap<usize, VecDeque<usize>> = BTreeMap::new();
    for packed in sequences {
        let fitting = room.range(packed.tokens..).next().map(|(&left, _)| left);
        let (bin, left) = match fitting.and_then(|left| Some((left, room.get_mut(&left)?))) {
            Some((left, bins)) => {
                let bin = bins.pop_front().expect("no room without a bin is kept");
                if bins.is_empty() {
                    room.remove(&left);
                }
                (bin, left)
            }
            None => {
                packing.bins.push(Vec::new());
                (packing.bins.len() - 1, budget_tokens)
            }
        };
        packing.bins[bin].push(packed);
        room.entry(left - packed.tokens).or_default().push_back(bin);
    }
    Ok(packing)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize)]
    struct Golden {
        cases: Vec<Case>,
    }

    #[derive(Deserialize)]
    struct Case {
        lengths: Vec<usize>,
        budget: usize,
        bins: Vec<Vec<(usize, usize)>>,
    }

    #[test]
    fn bins_are_those_of_trl() {
        let golden: Golden = serde_json::from_str(include_str!("../tests/fixtures/packing.json")).unwrap();
        assert_eq!(golden.cases.len(), 5);
        for case in golden.cases {
            let packing = best_fit_decreasing(&case.lengths, case.budget, Overlong::Truncate).unwrap();
            let pair = |packed: &Packed| (packed.index, packed.tokens);
            let bins: Vec<Vec<_>> = packing.bins.iter().map(|bin| bin.iter().map(pair).collect()).collect();
            assert_eq!(bins, case.bins, "{:?}", case.lengths);
            let long = (0..case.lengths.len()).filter(|&i| case.lengths[i] > case.budget);
            assert_eq!(packing.truncated, long.collect::<Vec<_>>());
        }
    }

    #[test]
    fn what_is_too_long_is_refused_dropped_or_truncated() {
        let error = best_fit_decreasing(&[1, 9], 4, Overlong::Refuse).unwrap_err().to_string();
        assert!(
            error.starts_with("the setting `budget_tokens` is 4, but sequence 1 has 9 tokens"),
            "{error}"
        );
        let dropped = best_fit_decreasing(&[9, 1, 5], 4, Overlong::Drop).unwrap();
        assert_eq!((dropped.dropped, dropped.bins), (vec![0, 2], vec![vec![Packed { index: 1, tokens: 1 }]]));
        assert!(best_fit_decreasing(&[], 0, Overlong::Drop).is_err());
        let empty = best_fit_decreasing(&[0, 0], 4, Overlong::Refuse).unwrap();
        assert_eq!((empty.bins.len(), empty.efficiency(4)), (0, 1.0));
        assert_eq!(best_fit_decreasing(&[3, 3], 4, Overlong::Refuse).unwrap().efficiency(4), 0.75);
    }

    /// The least number of bins, by trying every way.
    fn least_bins(lengths: &[usize], budget: usize, rooms: &mut Vec<usize>) -> usize {
        let Some((&length, rest)) = lengths.split_first() else { return rooms.len() };
        let mut least = usize::MAX;
        for bin in 0..rooms.len() {
            if rooms[bin] >= length {
                rooms[bin] -= length;
                least = least.min(least_bins(rest, budget, rooms));
                rooms[bin] += length;
            }
        }
        rooms.push(budget - length);
        least = least.min(least_bins(rest, budget, rooms));
        rooms.pop();
        least
    }

    proptest! {
        #[test]
        fn every_sequence_has_a_place_and_no_bin_is_too_full(lengths in prop::collection::vec(0usize..20, 0..60), budget in 19usize..40) {
            let packing = best_fit_decreasing(&lengths, budget, Overlong::Refuse).unwrap();
            let mut seen: Vec<_> = packing.bins.iter().flatten().map(|packed| (packed.index, packed.tokens)).collect();
            seen.sort_unstable();
            let expected: Vec<_> = lengths.iter().copied().enumerate().filter(|(_, tokens)| *tokens > 0).collect();
            prop_assert_eq!(seen, expected);
            let mut loads: Vec<usize> =
                packing.bins.iter().map(|bin| bin.iter().map(|packed| packed.tokens).sum()).collect();
            prop_assert!(loads.iter().all(|&load| load <= budget));
            // No two bins could have been one.
            loads.sort_unstable();
            prop_assert!(loads.len() < 2 || loads[0] + loads[1] > budget);
        }

        #[test]
        fn few_bins_more_than_the_least_are_used(lengths in prop::collection::vec(1usize..=12, 0..8), budget in 12usize..20) {
            let bins = best_fit_decreasing(&lengths, budget, Overlong::Refuse).unwrap().bins.len();
            let least = least_bins(&lengths, budget, &mut Vec::new());
            // For so few it is never more than one above 11/9 of the least (Johnson's bound adds 4).
            prop_assert!(least <= bins && 9 * bins <= 11 * least + 9, "{} for {}", bins, least);
        }
    }
}
