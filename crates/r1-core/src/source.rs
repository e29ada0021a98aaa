//! Endless sources of problems and traces for training.

use std::collections::HashSet;

use crate::{Key, Problem, Trace};

/// **A type that implements `ProblemSource` is an endless supply of problems whose place can be
/// written down.** After `seek(position())` it continues with the same problems.
pub trait ProblemSource {
    /// The next problem.
    ///
    /// # Errors
    /// When the supply cannot be read.
    fn next(&mut self) -> Result<Problem, SourceError>;

    /// Number of problems taken so far.
    fn position(&self) -> u64;

    /// Continues as if `position` problems had been taken.
    ///
    /// # Errors
    /// When the supply cannot go there.
    fn seek(&mut self, position: u64) -> Result<(), SourceError>;
}

/// Draws in a row that bring nothing new, after which a source has no more problems.
const MAX_FRUITLESS: usize = 10_000;

/// The next `count` problems of a source whose ids differ; fewer when ten thousand draws in a row brought nothing new.
///
/// # Errors
/// Those of [`ProblemSource::next`].
///
/// # Examples
/// ```
/// use r1_core::{Cursor, Problem, Reference, distinct};
///
/// let problems = ["2+2", "2+3"].map(|question| Problem::new(question, question, Reference::number("4"))).to_vec();
/// assert_eq!(distinct(&mut Cursor::new(problems, 7)?, 5)?.len(), 2);
/// # Ok::<(), r1_core::SourceError>(())
/// ```
pub fn distinct(
    source: &mut (impl ProblemSource + ?Sized),
    count: usize,
) -> Result<Vec<Problem>, SourceError> {
    let (mut seen, mut problems, mut fruitless) = (HashSet::new(), Vec::new(), 0);
    while problems.len() < count && fruitless < MAX_FRUITLESS {
        let problem = source.next()?;
        if seen.insert(problem.id.clone()) {
            problems.push(problem);
            fruitless = 0;
        } else {
            fruitless += 1;
        }
    }
    Ok(problems)
}

/// **A type that implements `TraceSource` is an endless supply of traces whose place can be written
/// down.** After `seek(position())` it continues with the same traces.
pub trait TraceSource {
    /// The next trace.
    ///
    /// # Errors
    /// When the supply cannot be read.
    fn next(&mut self) -> Result<Trace, SourceError>;

    /// Number of traces taken so far.
    fn position(&self) -> u64;

    /// Continues as if `position` traces had been taken.
    ///
    /// # Errors
    /// When the supply cannot go there.
    fn seek(&mut self, position: u64) -> Result<(), SourceError>;
}

/// Errors of sources.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SourceError {
    /// A data set without an item. Check the file and any filter.
    #[error("the data set is empty; check the file and the filters")]
    Empty,
    /// A setting has a value that cannot be meant. Choose another.
    #[error("the setting `{name}` {reason}")]
    Setting {
        /// The setting.
        name: &'static str,
        /// The fault of its value, and what was expected.
        reason: String,
    },
    /// The store behind the source failed.
    #[error("the source of problems failed")]
    Failed {
        /// The cause.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// Seeded, shuffled epochs over a data set of problems, traces or rows of one's own: each epoch is another order,
/// and every item comes once before any comes again.
///
/// ```
/// use r1_core::{Cursor, Problem, ProblemSource, Reference};
///
/// let problems = (0..3).map(|i| Problem::new(i.to_string(), "?", Reference::number("1"))).collect();
/// let mut cursor = Cursor::new(problems, 7).unwrap();
/// let first = cursor.next().unwrap();
/// cursor.next().unwrap();
/// cursor.seek(0).unwrap();
/// assert_eq!(cursor.next().unwrap(), first);
/// ```
#[derive(Debug, Clone)]
pub struct Cursor<T = Problem> {
    items: Vec<T>,
    order: Vec<usize>,
    seed: u64,
    position: u64,
}

impl<T: Clone> Cursor<T> {
    /// Starts the first epoch.
    ///
    /// # Errors
    /// [`SourceError::Empty`] when there is no item.
    pub fn new(items: Vec<T>, seed: u64) -> Result<Self, SourceError> {
        if items.is_empty() {
            return Err(SourceError::Empty);
        }
        let mut cursor = Self { order: Vec::new(), items, seed, position: 0 };
        cursor.shuffle();
        Ok(cursor)
    }

    /// The number of items in an epoch.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Never true: an empty data set is refused.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// The order of the epoch that `position` lies in, from the seed and the epoch alone.
    fn shuffle(&mut self) {
        let epoch = self.position / self.items.len() as u64;
        self.order = (0..self.items.len()).collect();
        Key::new(self.seed).at_step(epoch).for_problem("epoch order").stream().shuffle(&mut self.order);
    }

    /// The next item.
    pub fn take(&mut self) -> T {
        let within = (self.position % self.items.len() as u64) as usize;
        if within == 0 {
            self.shuffle();
        }
        self.position += 1;
        self.items[self.order[within]].clone()
    }

    /// Number of items taken so far.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Continues as if `position` items had been taken.
    pub fn go_to(&mut self, position: u64) {
        self.position = position;
        self.shuffle();
    }
}

impl TraceSource for Cursor<Trace> {
    fn next(&mut self) -> Result<Trace, SourceError> {
        Ok(self.take())
    }

    fn position(&self) -> u64 {
        self.position
    }

    fn seek(&mut self, position: u64) -> Result<(), SourceError> {
        self.go_to(position);
        Ok(())
    }
}

impl ProblemSource for Cursor {
    fn next(&mut self) -> Result<Problem, SourceError> {
        Ok(self.take())
    }

    fn position(&self) -> u64 {
        self.position
    }

    fn seek(&mut self, position: u64) -> Result<(), SourceError> {
        self.go_to(position);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Reference;

    fn cursor() -> Cursor {
        let problems = (0..7).map(|i| Problem::new(format!("p{i}"), "?", Reference::number("1"))).collect();
        Cursor::new(problems, 3).unwrap()
    }

    #[test]
    fn an_epoch_visits_each_problem_once() {
        let mut cursor = cursor();
        let mut orders = Vec::new();
        for _ in 0..3 {
            let ids: Vec<String> = (0..7).map(|_| cursor.next().unwrap().id).collect();
            let mut sorted = ids.clone();
            sorted.sort();
            sorted.dedup();
            assert_eq!(sorted.len(), 7);
            orders.push(ids);
        }
        assert_ne!(orders[0], orders[1]);
    }

    #[test]
    fn seek_continues_the_same_sequence() {
        let mut straight = cursor();
        let ids: Vec<String> = (0..20).map(|_| straight.next().unwrap().id).collect();
        for start in 0..20 {
            let mut resumed = cursor();
            resumed.seek(start).unwrap();
            let rest: Vec<String> = (start..20).map(|_| resumed.next().unwrap().id).collect();
            assert_eq!(rest, ids[start as usize..]);
        }
    }

    #[test]
    fn an_empty_data_set_is_refused() {
        assert!(matches!(Cursor::<Problem>::new(Vec::new(), 0), Err(SourceError::Empty)));
    }
}
