//! Verdicts counted by the rung that decided.

use std::{collections::BTreeMap, fmt};

use super::Explanation;
use r1_math::Rung;

/// How many answers each rung of the ladder found equal and different.
///
/// # Examples
/// ```
/// use r1_core::{Completion, FinishReason};
/// use r1_rewards::{Mode, grading::{Table, explain}, math::Policy};
///
/// let mut table = Table::default();
/// for text in ["\\boxed{1/2}", "\\boxed{2}", "half"] {
///     let completion = Completion::from_text(text, FinishReason::Stop);
///     table.add(&explain("0.5", &completion, Mode::Strict, &Policy::default()));
/// }
/// let text = table.to_string();
/// assert!(text.contains("numbers") && text.contains("no answer") && text.ends_with("3\n"), "{text}");
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Table {
    /// Equal, different and ungradable ones by rung.
    rungs: BTreeMap<Row, [u64; 3]>,
    steps: u64,
}

/// Where a verdict came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Row {
    Rung(Rung),
    NoAnswer,
    NoReference,
}

impl Table {
    /// Counts one verdict.
    pub fn add(&mut self, explained: &Explanation) {
        let row = match (&explained.judgement, explained.verdict.equal) {
            (Some(judgement), _) => Row::Rung(judgement.rung),
            (None, Some(_)) => Row::NoAnswer,
            (None, None) => Row::NoReference,
        };
        let column = match explained.verdict.equal {
            Some(true) => 0,
            Some(false) => 1,
            None => 2,
        };
        self.rungs.entry(row).or_default()[column] += 1;
        self.steps += explained.judgement.as_ref().map_or(0, |judgement| u64::from(judgement.steps));
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:<16}{:>10}{:>10}{:>12}{:>10}", "rung", "equal", "different", "ungradable", "all")?;
        let mut line = |name: &str, counts: &[u64; 3]| {
            let [equal, different, ungradable] = counts;
            let all: u64 = counts.iter().sum();
            writeln!(f, "{name:<16}{equal:>10}{different:>10}{ungradable:>12}{all:>10}")
        };
        let mut sums = [0; 3];
        for (row, counts) in &self.rungs {
            for (sum, count) in sums.iter_mut().zip(counts) {
                *sum += count;
            }
            let name = match row {
                Row::Rung(rung) => format!("{rung:?}").to_lowercase(),
                Row::NoAnswer => "no answer".into(),
                Row::NoReference => "no reference".into(),
            };
            line(&name, counts)?;
        }
        line("all", &sums)
    }
}
