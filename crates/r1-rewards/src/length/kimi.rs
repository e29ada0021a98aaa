//! Kimi's reward for the shorter of several completions.

use r1_core::{Completion, GroupScores, Outcome, Problem, Reward, RewardError};

use super::policy_ids;
use crate::AccuracyReward;

/// The length reward of each completion of a group, from whether it is right and its number of tokens.
///
/// ```text
/// λ_i = 1/2 - (L_i - L_min) / (L_max - L_min)        r_i = λ_i if right, else min(0, λ_i)
/// ```
///
/// All are 0 when all lengths are equal.
///
/// # Examples
/// ```
/// use r1_rewards::length::kimi;
///
/// assert_eq!(kimi(&[(true, 10), (true, 20), (false, 10), (false, 30)]), [0.5, 0.0, 0.0, -0.5]);
/// ```
///
/// # Source
/// Kimi k1.5 (arXiv:2501.12599), section 2.3.3.
pub fn kimi(group: &[(bool, usize)]) -> Vec<f32> {
    let lengths = || group.iter().map(|(_, tokens)| *tokens);
    let (Some(least), Some(most)) = (lengths().min(), lengths().max()) else { return Vec::new() };
    let reward = |&(right, tokens): &(bool, usize)| {
        if least == most {
            return 0.0;
        }
        let lambda = 0.5 - (tokens - least) as f64 / (most - least) as f64;
        (if right { lambda } else { lambda.min(0.0) }) as f32
    };
    group.iter().map(reward).collect()
}

/// [`kimi`] over another reward's verdict on each completion of a group.
///
/// An answer is right when the other reward gives more than a half. Completions on which that abstains or fails are left out
/// of the group, as are those without token ids; a completion alone gets 0.
///
/// Resists: short wrong answers, which never earn more than 0. Does not resist: a policy that gives up thinking on problems it
/// gets right anyway; Kimi turns the term on after a while.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct KimiLengthReward<R = AccuracyReward> {
    verdict: R,
}

impl<R: Reward> KimiLengthReward<R> {
    /// The length reward over what `verdict` says.
    pub fn new(verdict: R) -> Self {
        Self { verdict }
    }
}

impl<R: Reward> Reward for KimiLengthReward<R> {
    fn name(&self) -> &str {
        "kimi_length"
    }

    fn score(&self, problem: &Problem, completion: &Completion) -> Result<Outcome, RewardError> {
        let mut scores = self.score_group(problem, std::slice::from_ref(completion));
        scores.pop().map_or(Ok(Outcome::Abstain), |score| score.map(|score| score.outcome))
    }

    fn score_group(&self, problem: &Problem, completions: &[Completion]) -> GroupScores {
        let verdicts: Vec<Result<Option<(bool, usize)>, RewardError>> = self
            .verdict
            .score_group(problem, completions)
            .into_iter()
            .zip(completions)
            .map(|(score, completion)| {
                let right = score?.outcome.value().map(|value| value > 0.5);
                Ok(right.zip(policy_ids(completion).map(|ids| ids.len())))
            })
            .collect();
        let group: Vec<(bool, usize)> =
            verdicts.iter().filter_map(|verdict| *verdict.as_ref().ok()?).collect();
        let mut rewards = kimi(&group).into_iter();
        verdicts
            .into_iter()
            .map(|verdict| Ok(Outcome::from(verdict?.and_then(|_| rewards.next())).into()))
            .collect()
    }
}
