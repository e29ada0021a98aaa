//! A step budget: what bounds the work on one pair of answers, instead of a timer.

use std::cell::Cell;

/// Steps that may still be spent. Every node evaluated, factor multiplied and pair matched costs at
/// least one, so the same inputs always stop at the same place. What takes longer costs more: a step is
/// about 25 ns of one core.
#[derive(Debug)]
pub(crate) struct Budget {
    left: Cell<u32>,
}

impl Budget {
    pub(crate) fn new(steps: u32) -> Self {
        Self { left: Cell::new(steps) }
    }

    /// Pays `steps`; `None` once the budget is gone.
    pub(crate) fn spend(&self, steps: u32) -> Option<()> {
        let left = self.left.get().checked_sub(steps);
        self.left.set(left.unwrap_or(0));
        left.map(|_| ())
    }

    pub(crate) fn left(&self) -> u32 {
        self.left.get()
    }
}
