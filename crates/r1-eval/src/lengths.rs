//! Lengths of completions, and the cost of the limit of tokens.

use serde::Serialize;

use crate::GradedSample;

/// The lengths of the graded completions in tokens, and what became of those that were cut off.
///
/// Unlike the figures of [`EvalReport`](crate::EvalReport) these are over completions, not over
/// problems: they describe what was written, and no error is claimed for them.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Lengths {
    /// The shortest length that half of the completions do not exceed.
    pub median: usize,
    /// The shortest length that nine in ten completions do not exceed.
    pub p90: usize,
    /// The longest completion.
    pub longest: usize,
    /// Mean length of the correct completions.
    pub mean_correct: Option<f64>,
    /// Mean length of the others.
    pub mean_wrong: Option<f64>,
    /// Number of completions that the limit of tokens cut off.
    pub truncated: usize,
    /// Number of problems that have such a completion.
    pub truncated_problems: usize,
    /// Number of cut completions that are correct all the same.
    pub truncated_correct: usize,
    /// Share of correct ones among the completions that ended by themselves.
    pub finished_correct: Option<f64>,
}

impl Lengths {
    /// The figures of the graded ones of `rows`; `None` when there is none. The rows of a problem stand
    /// together.
    pub fn of(rows: &[GradedSample]) -> Option<Self> {
        let graded: Vec<(&GradedSample, bool)> =
            rows.iter().filter_map(|row| Some((row, row.correct?))).collect();
        let mut tokens: Vec<usize> = graded.iter().map(|(row, _)| row.tokens).collect();
        tokens.sort_unstable();
        let longest = *tokens.last()?;
        let rank = |share: f64| tokens[((tokens.len() as f64 * share).ceil() as usize).max(1) - 1];
        let of = |wanted: bool| graded.iter().filter(move |(_, correct)| *correct == wanted);
        let cut = |row: &GradedSample| row.finish.is_cut();
        let mut cut_ids: Vec<&str> =
            graded.iter().filter(|(row, _)| cut(row)).map(|(row, _)| row.id.as_str()).collect();
        let truncated = cut_ids.len();
        cut_ids.dedup();
        Some(Self {
            median: rank(0.5),
            p90: rank(0.9),
            longest,
            mean_correct: mean(of(true).map(|(row, _)| row.tokens as f64)),
            mean_wrong: mean(of(false).map(|(row, _)| row.tokens as f64)),
            truncated,
            truncated_problems: cut_ids.len(),
            truncated_correct: of(true).filter(|(row, _)| cut(row)).count(),
            finished_correct: mean(
                graded.iter().filter(|(row, _)| !cut(row)).map(|(_, correct)| f64::from(u8::from(*correct))),
            ),
        })
    }
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (count, sum) = values.fold((0usize, 0.0), |(count, sum), value| (count + 1, sum + value));
    (count > 0).then(|| sum / count as f64)
}

#[cfg(test)]
mod tests {
    use r1_core::FinishReason;

    use super::*;
    use crate::graded_sample::tests::row;

    #[test]
    fn the_figures_are_those_worked_by_hand() {
        let mut rows: Vec<GradedSample> = (1..=10)
            .map(|tokens| row(if tokens < 8 { "a" } else { "b" }, tokens, Some(tokens % 2 == 0)))
            .collect();
        for row in &mut rows {
            row.tokens = row.sample;
        }
        // 8, 9 and 10 tokens were cut off, all of problem b; 8 and 10 are correct.
        for row in &mut rows[7..] {
            row.finish = FinishReason::Length;
        }
        rows.push(GradedSample { tokens: 99, ..row("c", 0, None) });
        let lengths = Lengths::of(&rows).unwrap();
        assert_eq!((lengths.median, lengths.p90, lengths.longest), (5, 9, 10));
        // (2 + 4 + 6 + 8 + 10) / 5 and (1 + 3 + 5 + 7 + 9) / 5.
        assert_eq!((lengths.mean_correct, lengths.mean_wrong), (Some(6.0), Some(5.0)));
        assert_eq!((lengths.truncated, lengths.truncated_problems, lengths.truncated_correct), (3, 1, 2));
        // 2, 4 and 6 of the seven that ended by themselves.
        assert_eq!(lengths.finished_correct, Some(3.0 / 7.0));
    }

    #[test]
    fn quantiles_are_the_smallest_lengths_that_enough_do_not_exceed() {
        for count in 1..40usize {
            let rows: Vec<GradedSample> = (0..count)
                .map(|i| GradedSample { tokens: i * 7 % count, ..row("a", i, Some(true)) })
                .collect();
            let lengths = Lengths::of(&rows).unwrap();
            for (share, found) in [(0.5, lengths.median), (0.9, lengths.p90)] {
                let below = |limit: usize| {
                    rows.iter().filter(|row| row.tokens <= limit).count() as f64 >= count as f64 * share
                };
                assert_eq!((0..).find(|&limit| below(limit)), Some(found), "{count} {share}");
            }
        }
    }

    #[test]
    fn nothing_graded_has_no_lengths() {
        assert_eq!(Lengths::of(&[row("a", 0, None)]), None);
        let all_wrong = Lengths::of(&[row("a", 0, Some(false))]).unwrap();
        assert_eq!((all_wrong.mean_correct, all_wrong.finished_correct), (None, Some(0.0)));
    }
}
