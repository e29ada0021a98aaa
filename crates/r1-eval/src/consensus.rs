//! The answer that most samples agree on.

/// The outcome of a vote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Vote {
    /// The first sample that gave the winning answer.
    pub winner: usize,
    /// How many samples gave it.
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

#[cfg(test)]
mod tests {
    use super::*;

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
