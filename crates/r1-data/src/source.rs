//! Where training takes its problems from.

use crate::{DataError, Key, Problem};

/// **A type that implements `ProblemSource` is an endless supply of problems whose place can be
/// written down.** After `seek(position())` it continues with the same problems.
pub trait ProblemSource {
    /// The next problem.
    ///
    /// # Errors
    /// When the supply cannot be read.
    fn next(&mut self) -> Result<Problem, DataError>;

    /// How many problems were taken so far.
    fn position(&self) -> u64;

    /// Continues as if `position` problems had been taken.
    ///
    /// # Errors
    /// When the supply cannot go there.
    fn seek(&mut self, position: u64) -> Result<(), DataError>;
}

/// Seeded, shuffled epochs over a data set: each epoch is another order, and every problem comes
/// once before any comes again.
///
/// ```
/// use r1_data::{Cursor, Problem, ProblemSource, Reference};
///
/// let problems = (0..3).map(|i| Problem::new(i.to_string(), "?", Reference::number("1"))).collect();
/// let mut cursor = Cursor::new(problems, 7).unwrap();
/// let first = cursor.next().unwrap();
/// cursor.next().unwrap();
/// cursor.seek(0).unwrap();
/// assert_eq!(cursor.next().unwrap(), first);
/// ```
#[derive(Debug, Clone)]
pub struct Cursor {
    problems: Vec<Problem>,
    order: Vec<usize>,
    seed: u64,
    position: u64,
}

impl Cursor {
    /// Starts the first epoch.
    ///
    /// # Errors
    /// [`DataError::Empty`] when there is no problem.
    pub fn new(problems: Vec<Problem>, seed: u64) -> Result<Self, DataError> {
        if problems.is_empty() {
            return Err(DataError::Empty);
        }
        let mut cursor = Self { order: Vec::new(), problems, seed, position: 0 };
        cursor.shuffle();
        Ok(cursor)
    }

    /// The number of problems in an epoch.
    pub fn len(&self) -> usize {
        self.problems.len()
    }

    /// Never true: an empty data set is refused.
    pub fn is_empty(&self) -> bool {
        self.problems.is_empty()
    }

    /// The order of the epoch that `position` lies in, from the seed and the epoch alone.
    fn shuffle(&mut self) {
        let epoch = self.position / self.problems.len() as u64;
        self.order = (0..self.problems.len()).collect();
        Key::new(self.seed).at_step(epoch).for_problem("epoch order").stream().shuffle(&mut self.order);
    }
}

impl ProblemSource for Cursor {
    fn next(&mut self) -> Result<Problem, DataError> {
        let within = (self.position % self.problems.len() as u64) as usize;
        if within == 0 {
            self.shuffle();
        }
        self.position += 1;
        Ok(self.problems[self.order[within]].clone())
    }

    fn position(&self) -> u64 {
        self.position
    }

    fn seek(&mut self, position: u64) -> Result<(), DataError> {
        self.position = position;
        self.shuffle();
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
        assert!(matches!(Cursor::new(Vec::new(), 0), Err(DataError::Empty)));
    }
}
