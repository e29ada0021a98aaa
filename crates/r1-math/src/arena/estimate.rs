//! Values in machine precision, each computed once.

use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
};

use super::{Budget, Id};

/// Steps of all estimates.
const MAX_ESTIMATES: u32 = 60_000;
/// Steps of one estimate.
const MAX_ESTIMATE: u32 = 5000;

/// Values that were asked for, and what more of them may cost.
#[derive(Debug)]
pub(super) struct Estimates {
    known: RefCell<HashMap<Id, Option<f64>>>,
    left: Cell<u32>,
}

impl Default for Estimates {
    fn default() -> Self {
        Self { known: RefCell::default(), left: Cell::new(MAX_ESTIMATES) }
    }
}

impl Estimates {
    /// The value of `id`, which `estimate` is asked for once, at the price of `overhead` steps beside its own.
    pub(super) fn get(
        &self,
        id: Id,
        overhead: u32,
        estimate: impl FnOnce(&Budget) -> Option<f64>,
    ) -> Option<f64> {
        if let Some(known) = self.known.borrow().get(&id) {
            return *known;
        }
        let left = self.left.get().checked_sub(overhead)?;
        let budget = Budget::new(left.min(MAX_ESTIMATE));
        let value = estimate(&budget);
        self.left.set(left - (left.min(MAX_ESTIMATE) - budget.left()));
        self.known.borrow_mut().insert(id, value);
        value
    }

    /// Steps that were taken.
    pub(super) fn spent(&self) -> u32 {
        MAX_ESTIMATES - self.left.get()
    }
}
