//! The answer that most samples agree on.

use r1_core::Key;

use crate::EvalError;

/// The outcome of a vote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Vote {
    /// The first sample that gave the winning answer.
    pub winner: usize,
    /// Number of samples that gave it.
    pub votes: usize,
}

/// The answer given most often, as the index of the first sample that gave it.
///
/// Answers are trimmed; an empty one does not vote. Two answers count as one when `equal` says so of
/// the later and the first of its kind. Of answers with as many votes the one that came first wins.
/// `None` when nobody answered.
///
/// # Examples
/// ```
/// use r1_eval::majority;
///
/// let vote = majority(&["7", " 12 ", "12", ""], |a, b| a == b).unwrap();
/// assert_eq!((vote.winner, vote.votes), (1, 2));
/// ```
///
/// # Source
/// Wang et al. (arXiv:2203.11171), "self-consistency"; cons@64 of DeepSeek-R1 (arXiv:2501.12948v2),
/// section D.1.
pub fn majority(answers: &[&str], mut equal: impl FnMut(&str, &str) -> bool) -> Option<Vote> {
    let mut candidates: Vec<(&str, Vote)> = Vec::new();
    for (index, answer) in answers.iter().map(|answer| answer.trim()).enumerate() {
        if answer.is_empty() {
            continue;
        }
        match candidates.iter_mut().find(|(first, _)| equal(first, answer)) {
            Some((_, vote)) => vote.votes += 1,
            None => candidates.push((answer, Vote { winner: index, votes: 1 })),
        }
    }
    // `max_by_key` keeps the last of equals, so the order is turned round.
    candidates.into_iter().rev().map(|(_, vote)| vote).max_by_key(|vote| vote.votes)
}

/// Up to so many choices of `k` samples are all counted; of more, as many are drawn.
const CHOICES: usize = 1_000;

/// cons@k of one problem: the chance that the majority of `k` of its samples is right, over all choices
/// of `k` samples.
///
/// A choice votes as [`majority`] does, and one in which nobody answered is wrong. With all samples it is
/// the one vote there is; with one it is pass@1. Beyond a thousand choices a thousand are drawn with
/// `key`.
///
/// # Errors
/// [`EvalError::ConsensusAtK`] when `k` is 0 or more than there are samples.
///
/// # Panics
/// When there are not as many `correct` as `answers`.
///
/// # Examples
/// ```
/// use r1_core::Key;
/// use r1_eval::consensus_at_k;
///
/// // Of the three pairs two hold the wrong 7 behind the right 5, and ties go to the first; the third
/// // pair is the two 5s.
/// let cons = consensus_at_k(&["5", "5", "7"], &[true, true, false], 2, |a, b| a == b, Key::new(1))?;
/// assert_eq!(cons, 1.0);
/// # Ok::<(), r1_eval::EvalError>(())
/// ```
pub fn consensus_at_k(
    answers: &[&str],
    correct: &[bool],
    k: usize,
    mut equal: impl FnMut(&str, &str) -> bool,
    key: Key,
) -> Result<f64, EvalError> {
    assert_eq!(answers.len(), correct.len(), "every answer is correct or not");
    let samples = answers.len();
    if k == 0 || k > samples {
        return Err(EvalError::ConsensusAtK { samples, k });
    }
    // Each answer by the first of its kind; whoever does not answer has none.
    let mut kinds: Vec<Option<usize>> = Vec::with_capacity(samples);
    for (index, answer) in answers.iter().map(|answer| answer.trim()).enumerate() {
        let first = (0..index).find(|&at| kinds[at] == Some(at) && equal(answers[at].trim(), answer));
        kinds.push((!answer.is_empty()).then_some(first.unwrap_or(index)));
    }
    let mut votes = vec![0usize; samples];
    let mut right = |choice: &[usize]| {
        votes.fill(0);
        for &index in choice {
            if let Some(kind) = kinds[index] {
                votes[kind] += 1;
            }
        }
        // The first of the choice whose kind has the most votes.
        let most = *votes.iter().max().unwrap_or(&0);
        let winner = choice.iter().find(|&&index| kinds[index].is_some_and(|kind| votes[kind] == most));
        most > 0 && winner.is_some_and(|&winner| correct[winner])
    };
    let mut choice: Vec<usize> = (0..k).collect();
    let (mut counted, mut hits) = (0usize, 0usize);
    if choices(samples, k) <= CHOICES as f64 {
        loop {
            counted += 1;
            hits += usize::from(right(&choice));
            // The next choice in lexicographic order: raise the last place that can be raised.
            let Some(place) = (0..k).rev().find(|&place| choice[place] < samples - k + place) else { break };
            choice[place] += 1;
            for later in place + 1..k {
                choice[later] = choice[later - 1] + 1;
            }
        }
    } else {
        let mut order: Vec<usize> = (0..samples).collect();
        while counted < CHOICES {
            key.for_sample(counted as u64).stream().shuffle(&mut order);
            choice.copy_from_slice(&order[..k]);
            choice.sort_unstable();
            counted += 1;
            hits += usize::from(right(&choice));
        }
    }
    Ok(hits as f64 / counted as f64)
}

/// Number of ways to choose `k` of `n`.
fn choices(n: usize, k: usize) -> f64 {
    (0..k.min(n - k)).map(|i| (n - i) as f64 / (i + 1) as f64).product()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A vote as a person would count it: every answer's votes, the most, the first who gave it.
    fn by_hand(answers: &[&str]) -> Option<usize> {
        let votes = |answer: &str| answers.iter().filter(|other| **other == answer).count();
        let most = answers.iter().filter(|answer| !answer.is_empty()).map(|answer| votes(answer)).max()?;
        answers.iter().position(|answer| !answer.is_empty() && votes(answer) == most)
    }

    /// Answers of a random problem, of which `a` and `b` are right, and the empty one is no answer.
    fn problem(key: Key, samples: usize) -> (Vec<&'static str>, Vec<bool>) {
        let mut random = key.stream();
        let answers: Vec<&str> = (0..samples).map(|_| *random.choose(&["a", "b", "c", "d", ""])).collect();
        let correct = answers.iter().map(|answer| ["a", "b"].contains(answer)).collect();
        (answers, correct)
    }

    #[test]
    fn the_vote_is_that_of_counting() {
        for step in 0..2_000 {
            let (answers, _) = problem(Key::new(2).at_step(step), 1 + step as usize % 9);
            let vote = majority(&answers, |a, b| a == b);
            assert_eq!(vote.map(|vote| vote.winner), by_hand(&answers), "{answers:?}");
        }
    }

    #[test]
    fn cons_at_k_counts_all_choices() {
        for step in 0..60 {
            let (answers, correct) = problem(Key::new(3).at_step(step), 7);
            for k in 1..=7 {
                let (mut all, mut right) = (0, 0);
                for set in (0u32..1 << 7).filter(|set| set.count_ones() as usize == k) {
                    let chosen: Vec<usize> = (0..7).filter(|index| set >> index & 1 == 1).collect();
                    let texts: Vec<&str> = chosen.iter().map(|&index| answers[index]).collect();
                    all += 1;
                    right += i32::from(by_hand(&texts).is_some_and(|winner| correct[chosen[winner]]));
                }
                let found = consensus_at_k(&answers, &correct, k, |a, b| a == b, Key::new(1)).unwrap();
                assert!((found - f64::from(right) / f64::from(all)).abs() < 1e-12, "{answers:?} {k}");
            }
        }
    }

    #[test]
    fn many_choices_are_drawn_and_agree_with_the_share() {
        // One correct of 64: a single vote is right with 1/64, and no majority ever is.
        let mut answers = vec!["wrong"; 64];
        answers[20] = "right";
        let correct: Vec<bool> = answers.iter().map(|answer| *answer == "right").collect();
        let at = |k| consensus_at_k(&answers, &correct, k, |a, b| a == b, Key::new(4)).unwrap();
        assert_eq!((at(1), at(64), at(32)), (1.0 / 64.0, 0.0, 0.0));
        // 40 of 64 are right: the majority of 5 is with probability 0.7355 (hypergeometric).
        let answers: Vec<&str> = (0..64).map(|i| if i * 5 % 8 < 5 { "right" } else { "wrong" }).collect();
        let correct: Vec<bool> = answers.iter().map(|answer| *answer == "right").collect();
        assert_eq!(correct.iter().filter(|&&correct| correct).count(), 40);
        let found = consensus_at_k(&answers, &correct, 5, |a, b| a == b, Key::new(4)).unwrap();
        // One standard error of a thousand draws is 0.014.
        assert!((found - hypergeometric(64, 40, 5)).abs() < 0.045, "{found}");
    }

    /// The chance of at least half of `k` from `right` of `n`, for odd `k`.
    fn hypergeometric(n: usize, right: usize, k: usize) -> f64 {
        (k / 2 + 1..=k).map(|i| choices(right, i) * choices(n - right, k - i) / choices(n, k)).sum()
    }

    #[test]
    fn more_votes_than_samples_are_refused() {
        for k in [0, 3] {
            let error =
                consensus_at_k(&["1", "2"], &[true, false], k, |a, b| a == b, Key::new(1)).unwrap_err();
            assert!(matches!(error, EvalError::ConsensusAtK { samples: 2, .. }), "{error}");
        }
    }

    fn check(answers: &[&str], expected: Option<(usize, usize)>) {
        let vote = majority(answers, |a, b| a == b).map(|vote| (vote.winner, vote.votes));
        assert_eq!(vote, expected, "{answers:?}");
    }

    #[test]
    fn most_votes_win_and_ties_go_to_the_first() {
        check(&["a", "b", "b"], Some((1, 2)));
        check(&["a", "b", "b", "a"], Some((0, 2)));
        check(&["c", "a", "b", "b", "a"], Some((1, 2)));
        check(&["a"], Some((0, 1)));
    }

    #[test]
    fn who_does_not_answer_does_not_vote() {
        check(&["", " ", "", "x"], Some((3, 1)));
        check(&["", "\n"], None);
        check(&[], None);
    }

    #[test]
    fn the_caller_says_what_is_equal() {
        let vote = majority(&["1", "2.0", "2"], |a, b| a.parse::<f64>() == b.parse::<f64>()).unwrap();
        assert_eq!(vote, Vote { winner: 1, votes: 2 });
    }
}
