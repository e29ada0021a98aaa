//! Draft tokens from the sequence's own text: prompt lookup decoding.

/// Tokens at the end of the text that must have stood there before, at least and at most.
const SHORTEST: usize = 2;
const LONGEST: usize = 4;

/// Tokens that are looked back at.
const REACH: usize = 4096;

/// Drafts what may come next: what followed the last place where the text went on as it does now.
///
/// After prompt lookup decoding (<https://github.com/apoorvumang/prompt-lookup-decoding>), without a draft model.
#[derive(Debug, Clone)]
pub(super) struct Drafter {
    /// Share of drafted tokens that were accepted, of late.
    accepted: f32,
    /// Passes without a draft since the last one.
    idle: u32,
}

impl Default for Drafter {
    fn default() -> Self {
        Self { accepted: 1.0, idle: 0 }
    }
}

/// The share below which drafts cost more than they bring, and the passes after which they are tried again.
const WORTH: f32 = 0.3;
const PATIENCE: u32 = 32;

impl Drafter {
    /// At most `most` tokens that may follow `ids`.
    pub(super) fn draft(&mut self, ids: &[u32], most: usize) -> Vec<u32> {
        let found = if most == 0 { Vec::new() } else { continuation(ids, most) };
        if found.is_empty() {
            return found;
        }
        if self.accepted < WORTH {
            self.idle += 1;
            if self.idle < PATIENCE {
                return Vec::new();
            }
        }
        self.idle = 0;
        found
    }

    /// Learns how many of the drafted tokens were accepted.
    pub(super) fn learn(&mut self, drafted: usize, accepted: usize) {
        if drafted > 0 {
            self.accepted = 0.75 * self.accepted + 0.25 * accepted as f32 / drafted as f32;
        }
    }
}

/// What followed the last earlier place that ends like `ids`, by the longest end that has one; where that reaches the end of
/// `ids`, it goes on from its own beginning, as a loop does.
fn continuation(ids: &[u32], most: usize) -> Vec<u32> {
    let start = ids.len().saturating_sub(REACH);
    for length in (SHORTEST..=LONGEST).rev() {
        if ids.len() - start <= length {
            continue;
        }
        let end = &ids[ids.len() - length..];
        let before = &ids[start..ids.len() - 1];
        if let Some(place) = before.windows(length).rposition(|run| run == end) {
            return ids[start + place + length..].iter().copied().cycle().take(most).collect();
        }
    }
    Vec::new()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_place_with_the_longest_common_end_goes_on() {
        assert_eq!(continuation(&[1, 2, 3, 9, 1, 2], 6), [3, 9, 1, 2, 3, 9]);
        assert_eq!(continuation(&[1, 2, 3, 1, 2, 4, 1, 2], 1), [4]);
        // Three tokens in common go before two.
        assert_eq!(continuation(&[7, 1, 2, 3, 8, 1, 2, 4, 7, 1, 2], 1), [3]);
        assert_eq!(continuation(&[5, 5, 5], 3), [5, 5, 5]);
        for nothing in [&[][..], &[1], &[1, 2], &[1, 2, 3, 4]] {
            assert!(continuation(nothing, 3).is_empty());
        }
    }

    #[test]
    fn bad_drafts_are_made_seldom() {
        let mut drafter = Drafter::default();
        let ids = [1, 2, 3, 1, 2];
        let made = (0..1000).filter(|_| {
            let drafted = drafter.draft(&ids, 4).len();
            drafter.learn(drafted, 0);
            drafted > 0
        });
        assert!((20..50).contains(&made.count()));
    }
}
