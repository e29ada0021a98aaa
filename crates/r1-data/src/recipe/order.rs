//! The order in which training takes problems.

use std::{cmp::Ordering, collections::HashMap};

use r1_core::{Problem, ProblemSource, SourceError};
use serde::{Deserialize, Serialize};

use crate::curate::PassRate;

/// The order of an epoch over the problems of files.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Order {
    /// Each epoch in another random order.
    #[default]
    Shuffled,
    /// As the files have them, the sources one behind the other.
    File,
    /// From easy to hard by the number in the metadata's `level`; problems without one come last. Each epoch is
    /// the same.
    Level,
    /// From easy to hard by the pass rates of the report in the filter `pass_rate`. Each epoch is the same.
    PassRate,
}

impl Order {
    /// Sorts from easy to hard; equal ones stay in order.
    pub(super) fn sort(self, problems: &mut [Problem], rates: &HashMap<String, PassRate>) {
        match self {
            Self::Shuffled | Self::File => {}
            Self::Level => problems.sort_by(|one, other| compare(level(one), level(other))),
            Self::PassRate => {
                let hardness = |problem: &Problem| rates.get(&problem.id).map(|rate| -rate.share());
                problems.sort_by(|one, other| compare(hardness(one), hardness(other)));
            }
        }
    }
}

/// What is unknown comes last.
fn compare(one: Option<f64>, other: Option<f64>) -> Ordering {
    match (one, other) {
        (Some(one), Some(other)) => one.total_cmp(&other),
        (one, other) => other.is_some().cmp(&one.is_some()),
    }
}

/// `3`, `"3"` and `"Level 3"` are the same level.
fn level(problem: &Problem) -> Option<f64> {
    let value = problem.metadata.get("level")?;
    let text =
        || value.as_str()?.trim_start_matches(|letter: char| !letter.is_ascii_digit()).trim().parse().ok();
    value.as_f64().or_else(text).filter(|level: &f64| level.is_finite())
}

/// Problems in one order, again and again.
#[derive(Debug)]
pub(super) struct Ordered {
    problems: Vec<Problem>,
    position: u64,
}

impl Ordered {
    pub(super) fn new(problems: Vec<Problem>) -> Self {
        Self { problems, position: 0 }
    }
}

impl ProblemSource for Ordered {
    fn next(&mut self) -> Result<Problem, SourceError> {
        let count = self.problems.len() as u64;
        let place = self.position.checked_rem(count).ok_or(SourceError::Empty)?;
        self.position += 1;
        Ok(self.problems[place as usize].clone())
    }

    fn position(&self) -> u64 {
        self.position
    }

    fn seek(&mut self, position: u64) -> Result<(), SourceError> {
        self.position = position;
        Ok(())
    }
}
