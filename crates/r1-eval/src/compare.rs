//! Paired comparison of two evaluations on the same problems.

use std::collections::{BTreeMap, HashSet};

use r1_core::Key;
use serde::Serialize;

use crate::{EvalError, GradedSample, bootstrap, estimate, sign_test};

/// The bootstrap's sets of problems.
const RESAMPLES: usize = 10_000;
/// The bootstrap's probability.
const LEVEL: f64 = 0.95;

/// Two evaluations, problem by problem.
///
/// Both saw the same problems, so a problem that is hard for one is hard for the other, and most of the
/// spread between problems cancels in the differences. An interval that holds 0 shows no difference.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    /// Problems that both graded; all figures are over these.
    pub problems: usize,
    /// Share of correct completions of the first.
    pub a: f64,
    /// Its standard error.
    pub a_stderr: Option<f64>,
    /// Share of correct completions of the second.
    pub b: f64,
    /// Its standard error.
    pub b_stderr: Option<f64>,
    /// The second less the first: the mean of the problems' differences.
    pub difference: f64,
    /// The standard error of that mean; unknown when there is only one problem.
    pub difference_stderr: Option<f64>,
    /// The bootstrap's 95% interval of the difference.
    pub difference_interval: (f64, f64),
    /// Problems that the first did not solve and the second did.
    pub gained: Vec<Flip>,
    /// Problems that the first solved and the second did not.
    pub lost: Vec<Flip>,
    /// The chance of at least so uneven a split between gained and lost problems if either way were
    /// as likely, see [`sign_test()`].
    pub flip_p_value: f64,
    /// Problems that only the first has.
    pub only_a: Vec<String>,
    /// Problems that only the second has.
    pub only_b: Vec<String>,
    /// Problems that both have and at least one could not grade.
    pub ungraded: Vec<String>,
}

/// A problem on which the two differ: one solved it and the other did not. Solved means that at least
/// half of the completions are correct.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Flip {
    /// The problem's id.
    pub id: String,
    /// Share of correct completions of the first.
    pub a: f64,
    /// Share of correct completions of the second.
    pub b: f64,
}

/// Compares the samples of two evaluations on the problems that both have, whatever their order and the
/// number of samples.
///
/// ```text
/// d_i = b_i − a_i,   difference = mean(d),   stderr = s(d) / √n
/// ```
///
/// with `a_i` and `b_i` the shares of correct completions of problem `i`. The bootstrap draws with `key`.
///
/// # Errors
/// [`EvalError::DuplicateSample`] when one side has a completion twice, [`EvalError::OtherProblem`] when
/// a problem has another question or reference on the other side, and [`EvalError::NothingShared`] when
/// no problem was graded by both.
///
/// # Source
/// Miller (arXiv:2411.00640), section 4.2: paired differences.
pub fn compare(a: &[GradedSample], b: &[GradedSample], key: Key) -> Result<Comparison, EvalError> {
    let (a, b) = (problems(a)?, problems(b)?);
    let mut pairs: Vec<(&str, f64, f64)> = Vec::new();
    let mut ungraded = Vec::new();
    for (id, first) in &a {
        let Some(second) = b.get(id) else { continue };
        let (row, other) = (first.row, second.row);
        if row.question != other.question || row.reference != other.reference {
            return Err(EvalError::OtherProblem { id: (*id).to_owned() });
        }
        match (first.share(), second.share()) {
            (Some(a), Some(b)) => pairs.push((id, a, b)),
            _ => ungraded.push((*id).to_owned()),
        }
    }
    if pairs.is_empty() {
        return Err(EvalError::NothingShared { a: a.len(), b: b.len(), ungraded: ungraded.len() });
    }
    let over = |value: fn(&(&str, f64, f64)) -> f64| pairs.iter().map(value).collect::<Vec<f64>>();
    let differences = over(|(_, a, b)| b - a);
    let (first, second, difference) =
        (estimate(&over(|pair| pair.1)), estimate(&over(|pair| pair.2)), estimate(&differences));
    let flips = |flipped: fn(bool, bool) -> bool| -> Vec<Flip> {
        let flipped = pairs.iter().filter(|(_, a, b)| flipped(*a >= 0.5, *b >= 0.5));
        flipped.map(|(id, a, b)| Flip { id: (*id).to_owned(), a: *a, b: *b }).collect()
    };
    let (gained, lost) = (flips(|a, b| !a && b), flips(|a, b| a && !b));
    let only = |these: &BTreeMap<&str, Answered<'_>>, others: &BTreeMap<&str, Answered<'_>>| {
        these.keys().filter(|id| !others.contains_key(*id)).map(|id| (*id).to_owned()).collect()
    };
    Ok(Comparison {
        problems: pairs.len(),
        a: first.mean,
        a_stderr: first.stderr,
        b: second.mean,
        b_stderr: second.stderr,
        difference: difference.mean,
        difference_stderr: difference.stderr,
        difference_interval: bootstrap(&differences, RESAMPLES, LEVEL, key),
        flip_p_value: sign_test(gained.len(), lost.len()),
        gained,
        lost,
        only_a: only(&a, &b),
        only_b: only(&b, &a),
        ungraded,
    })
}

/// The completions of one problem.
struct Answered<'a> {
    row: &'a GradedSample,
    correct: Vec<Option<bool>>,
}

impl Answered<'_> {
    /// The share of correct ones, when all could be graded.
    fn share(&self) -> Option<f64> {
        let correct: Vec<bool> = self.correct.iter().copied().collect::<Option<_>>()?;
        Some(correct.iter().filter(|&&correct| correct).count() as f64 / correct.len() as f64)
    }
}

/// The problems by their ids, so that neither file's order matters.
fn problems(rows: &[GradedSample]) -> Result<BTreeMap<&str, Answered<'_>>, EvalError> {
    let mut seen = HashSet::new();
    let mut problems: BTreeMap<&str, Answered<'_>> = BTreeMap::new();
    for row in rows {
        if !seen.insert((row.id.as_str(), row.sample)) {
            return Err(EvalError::DuplicateSample { id: row.id.clone(), sample: row.sample });
        }
        let problem = problems.entry(&row.id).or_insert(Answered { row, correct: Vec::new() });
        if problem.row.question != row.question || problem.row.reference != row.reference {
            return Err(EvalError::OtherProblem { id: row.id.clone() });
        }
        problem.correct.push(row.correct);
    }
    Ok(problems)
}

#[cfg(test)]
mod tests;
