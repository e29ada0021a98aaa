//! Runs of token ids that follow themselves again and again.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

/// A loop: a run of token ids that follows itself again and again.
///
/// # Examples
/// ```
/// use r1_core::LoopGuard;
///
/// let guard = LoopGuard::default();
/// let caught: Vec<u32> = [7, 8, 9].into_iter().chain((0..40).map(|place| place % 5)).collect();
/// assert!(guard.finds(&caught));
/// assert!(!guard.finds(&[3; 20]));
/// assert!(!guard.finds(&(0..500).collect::<Vec<u32>>()));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LoopGuard {
    /// The longest run that is looked for, in tokens.
    pub max_period: usize,
    /// How often a run has to stand there in a row, ...
    pub repeats: usize,
    /// ... and how many tokens that has to come to.
    pub min_tokens: usize,
}

impl Default for LoopGuard {
    fn default() -> Self {
        Self { max_period: 64, repeats: 4, min_tokens: 32 }
    }
}

impl LoopGuard {
    /// The longest period of a guard of sampling: its time for each token grows with it.
    pub(crate) const LONGEST: usize = 4096;

    /// Whether a loop stands anywhere in the ids, in time `ids · max_period`.
    pub fn finds(&self, ids: &[u32]) -> bool {
        let mut watch = self.watch();
        ids.iter().any(|id| watch.push(*id))
    }

    /// Looks for loops while ids come.
    pub fn watch(&self) -> LoopWatch {
        LoopWatch { guard: *self, ids: VecDeque::new(), equal: Vec::new() }
    }

    /// How many ids in a row must equal the id a period before them.
    fn wanted(&self, period: usize) -> usize {
        period.saturating_mul(self.repeats.max(2)).max(self.min_tokens).saturating_sub(period)
    }
}

/// Finds the first loop of ids that come one by one, each in time `max_period`, however many came before.
#[derive(Debug, Clone)]
pub struct LoopWatch {
    guard: LoopGuard,
    /// The last ids, at most as many as the longest period.
    ids: VecDeque<u32>,
    /// For each period, less one: how many of the last ids equal the one a period before them.
    equal: Vec<usize>,
}

impl LoopWatch {
    /// Takes the next id; true when a loop is complete with it.
    pub fn push(&mut self, id: u32) -> bool {
        let Self { guard, ids, equal } = self;
        if equal.len() < guard.max_period.min(ids.len()) {
            equal.push(0);
        }
        let mut found = false;
        for (period, (equal, earlier)) in (1..).zip(equal.iter_mut().zip(ids.iter().rev())) {
            *equal = if *earlier == id { *equal + 1 } else { 0 };
            found |= *equal >= guard.wanted(period);
        }
        ids.push_back(id);
        if ids.len() > guard.max_period {
            ids.pop_front();
        }
        found
    }
}
