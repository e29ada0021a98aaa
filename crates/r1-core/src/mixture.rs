//! Several supplies of problems as one.

use std::fmt;

use crate::{Key, Problem, ProblemSource, SourceError};

/// Problems from several sources, drawn at random by weight.
///
/// Which source the `i`-th problem comes from depends on the seed, the weights and `i` alone. Going to a
/// place replays these choices, a few nanoseconds each, and sends every source to its own place.
///
/// Randomness and resume are keyed by the problems' ids, so sources must not share ids for different
/// problems.
///
/// ```
/// use r1_core::{Cursor, Mixture, Problem, ProblemSource, Reference};
///
/// let cursor = |name: &str| Cursor::new(vec![Problem::new(name, "?", Reference::number("1"))], 0);
/// let mut mixture = Mixture::new(7).with(3.0, cursor("often")?)?.with(1.0, cursor("seldom")?)?;
/// let often = (0..1000).filter(|_| mixture.next().unwrap().id == "often").count();
/// assert!((700..800).contains(&often));
/// # Ok::<(), r1_core::SourceError>(())
/// ```
pub struct Mixture {
    members: Vec<(f64, Box<dyn ProblemSource + Send>)>,
    seed: u64,
    position: u64,
}

impl Mixture {
    /// No source yet.
    pub fn new(seed: u64) -> Self {
        Self { members: Vec::new(), seed, position: 0 }
    }

    /// The same mixture with one more source, and back at its start.
    ///
    /// The share of a source is its weight over the sum of all weights.
    ///
    /// # Errors
    /// [`SourceError::Setting`] when the weight is not positive and finite, or what a source says when it
    /// cannot go to its start.
    pub fn with(
        mut self,
        weight: f64,
        source: impl ProblemSource + Send + 'static,
    ) -> Result<Self, SourceError> {
        if !(weight > 0.0 && weight.is_finite()) {
            let reason = format!("is {weight}; expected a positive number");
            return Err(SourceError::Setting { name: "weight", reason });
        }
        self.members.push((weight, Box::new(source)));
        self.seek(0)?;
        Ok(self)
    }

    /// The source of the problem at this position.
    fn choose(&self, position: u64) -> usize {
        let total: f64 = self.members.iter().map(|(weight, _)| weight).sum();
        let mut left = Key::new(self.seed).for_problem("mixture of sources").uniform(position) * total;
        let within = |(weight, _): &(f64, _)| {
            left -= weight;
            left < 0.0
        };
        // Rounding may leave nothing below zero; then it is the last.
        self.members.iter().position(within).unwrap_or(self.members.len() - 1)
    }
}

impl ProblemSource for Mixture {
    /// # Errors
    /// [`SourceError::Empty`] without a source, and what the source says whose turn it is.
    fn next(&mut self) -> Result<Problem, SourceError> {
        if self.members.is_empty() {
            return Err(SourceError::Empty);
        }
        let member = self.choose(self.position);
        let problem = self.members[member].1.next()?;
        self.position += 1;
        Ok(problem)
    }

    fn position(&self) -> u64 {
        self.position
    }

    fn seek(&mut self, position: u64) -> Result<(), SourceError> {
        let mut taken = vec![0; self.members.len()];
        if !self.members.is_empty() {
            (0..position).for_each(|place| taken[self.choose(place)] += 1);
        }
        for ((_, source), taken) in self.members.iter_mut().zip(taken) {
            source.seek(taken)?;
        }
        self.position = position;
        Ok(())
    }
}

impl fmt::Debug for Mixture {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let members = self.members.iter().map(|(weight, source)| (weight, source.position()));
        formatter
            .debug_struct("Mixture")
            .field("weights_and_positions", &members.collect::<Vec<_>>())
            .field("seed", &self.seed)
            .field("position", &self.position)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use crate::{Cursor, Reference};

    fn cursor(name: &str, count: usize) -> Cursor {
        let problems =
            (0..count).map(|i| Problem::new(format!("{name}-{i}"), "?", Reference::number("1"))).collect();
        Cursor::new(problems, 5).unwrap()
    }

    fn mixture() -> Mixture {
        let mixture = Mixture::new(1).with(5.0, cursor("a", 7)).unwrap();
        mixture.with(3.0, cursor("b", 4)).unwrap().with(2.0, cursor("c", 90)).unwrap()
    }

    #[test]
    fn sources_come_by_their_weights() {
        const DRAWS: usize = 20_000;
        let mut mixture = mixture();
        let mut counts: HashMap<char, usize> = HashMap::new();
        for _ in 0..DRAWS {
            *counts.entry(mixture.next().unwrap().id.chars().next().unwrap()).or_default() += 1;
        }
        for (name, share) in [('a', 0.5), ('b', 0.3), ('c', 0.2)] {
            let sigma = (share * (1.0 - share) / DRAWS as f64).sqrt();
            let drawn = counts[&name] as f64 / DRAWS as f64;
            assert!((drawn - share).abs() < 4.0 * sigma, "{name}: {drawn}");
        }
    }

    #[test]
    fn seek_continues_the_same_sequence() {
        let mut straight = mixture();
        let all: Vec<Problem> = (0..60).map(|_| straight.next().unwrap()).collect();
        // A mixture that was used before, and of which every member is somewhere else.
        let mut resumed = mixture();
        for start in [17, 0, 59, 3, 42] {
            resumed.seek(start).unwrap();
            assert_eq!(resumed.position(), start);
            let rest: Vec<Problem> = (start..60).map(|_| resumed.next().unwrap()).collect();
            assert_eq!(rest, all[start as usize..]);
        }
    }

    #[test]
    fn members_start_from_their_beginning() {
        let mut used = cursor("a", 7);
        let first = used.next().unwrap();
        assert_eq!(Mixture::new(0).with(1.0, used).unwrap().next().unwrap(), first);
    }

    #[test]
    fn what_cannot_be_drawn_from_is_refused() {
        assert!(matches!(Mixture::new(0).next(), Err(SourceError::Empty)));
        for weight in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            let error = Mixture::new(0).with(weight, cursor("a", 1)).unwrap_err().to_string();
            assert!(error.starts_with("the setting `weight` is "), "{error}");
        }
    }

    #[test]
    fn a_failing_source_takes_no_place() {
        struct Failing;
        impl ProblemSource for Failing {
            fn next(&mut self) -> Result<Problem, SourceError> {
                Err(SourceError::Empty)
            }
            fn position(&self) -> u64 {
                0
            }
            fn seek(&mut self, _: u64) -> Result<(), SourceError> {
                Ok(())
            }
        }
        let mut mixture = Mixture::new(0).with(1.0, Failing).unwrap();
        assert!(mixture.next().is_err());
        assert_eq!(mixture.position(), 0);
    }
}
