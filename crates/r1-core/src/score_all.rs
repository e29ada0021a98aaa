//! Scoring a batch without trusting the reward to keep its promises.

use crate::{Completion, Problem};

use crate::{GroupScores, Reward, RewardError};

/// Number of retries of a group after something outside failed.
const RETRIES: usize = 2;

/// Scores groups by one call of [`Reward::score_batch`] and checks the answer: one result for each completion, and every
/// number finite. Trainers and rubrics score through it.
///
/// What breaks a promise becomes [`RewardError::Count`] or [`RewardError::NotFinite`] in the place
/// of the results that cannot be used, so the answer always has the shape of `groups`.
pub fn score_all(reward: &(impl Reward + ?Sized), groups: &[(&Problem, &[Completion])]) -> Vec<GroupScores> {
    let name = reward.name();
    let batch = reward.score_batch(groups);
    if batch.len() != groups.len() {
        let got = batch.len();
        return groups.iter().map(|(_, group)| miscounted(name, group.len(), groups.len(), got)).collect();
    }
    let check = |((_, completions), scores): (&(&Problem, &[Completion]), GroupScores)| {
        if scores.len() != completions.len() {
            return miscounted(name, completions.len(), completions.len(), scores.len());
        }
        scores.into_iter().map(|score| score.and_then(|score| score.finite(name))).collect()
    };
    groups.iter().zip(batch).map(check).collect()
}

/// [`score_all`], and again, twice at most, the groups on which something outside failed.
pub fn score_with_retries(
    reward: &(impl Reward + ?Sized),
    groups: &[(&Problem, &[Completion])],
) -> Vec<GroupScores> {
    let mut scores = score_all(reward, groups);
    for _ in 0..RETRIES {
        let failed: Vec<usize> = (0..groups.len()).filter(|&index| world_failed(&scores[index])).collect();
        if failed.is_empty() {
            break;
        }
        let again: Vec<_> = failed.iter().map(|&index| groups[index]).collect();
        for (index, group) in failed.into_iter().zip(score_all(reward, &again)) {
            scores[index] = group;
        }
    }
    scores
}

fn world_failed(scores: &GroupScores) -> bool {
    scores.iter().any(|score| matches!(score, Err(RewardError::World { .. })))
}

/// `length` errors that say how many results there should have been.
fn miscounted(reward: &str, length: usize, expected: usize, got: usize) -> GroupScores {
    let error = || RewardError::Count { reward: reward.to_owned(), expected, got };
    (0..length).map(|_| Err(error())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{FinishReason, Reference};
    use crate::{Outcome, Score};

    /// Answers `groups` groups of `completions` times `value`, whatever it is asked.
    struct Careless {
        groups: usize,
        completions: usize,
        value: f32,
    }

    impl Reward for Careless {
        fn name(&self) -> &str {
            "careless"
        }

        fn score(&self, _: &Problem, _: &Completion) -> Result<Outcome, RewardError> {
            Ok(Outcome::Score(self.value))
        }

        fn score_batch(&self, _: &[(&Problem, &[Completion])]) -> Vec<GroupScores> {
            let group =
                || (0..self.completions).map(|_| Ok(Score::from(Outcome::Score(self.value)))).collect();
            (0..self.groups).map(|_| group()).collect()
        }
    }

    fn score(groups: usize, completions: usize, value: f32) -> Vec<GroupScores> {
        let problem = Problem::new("p", "?", Reference::number("1"));
        let group =
            [Completion::from_text("a", FinishReason::Stop), Completion::from_text("b", FinishReason::Stop)];
        score_all(&Careless { groups, completions, value }, &[(&problem, &group), (&problem, &group)])
    }

    #[test]
    fn a_batch_of_the_wrong_size_is_an_error_for_every_completion() {
        for (groups, completions) in [(1, 2), (3, 2), (2, 1), (2, 3)] {
            let batch = score(groups, completions, 1.0);
            assert_eq!(batch.iter().map(Vec::len).collect::<Vec<_>>(), [2, 2]);
            assert!(batch.iter().flatten().all(|s| matches!(s, Err(RewardError::Count { .. }))));
        }
        assert!(score(2, 2, 1.0).iter().flatten().all(Result::is_ok));
    }

    #[test]
    fn an_overridden_batch_cannot_smuggle_in_a_nan() {
        let batch = score(2, 2, f32::NAN);
        assert!(batch.iter().flatten().all(|s| matches!(s, Err(RewardError::NotFinite { .. }))));
    }
}
