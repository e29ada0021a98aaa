//! Programs by their tests, everything else by another reward.

use r1_core::{Completion, GroupScores, Outcome, Problem, Reference, Reward, RewardError, RewardKind};

use super::CodeReward;

/// A reward for sets that mix programs with other answers: [`CodeReward`] where a problem has tests, else
/// the other one.
///
/// # Examples
/// ```no_run
/// use r1_rewards::{AccuracyReward, Reward, code::{CodeReward, Judge, Language}};
///
/// let reward = CodeReward::new(Judge::new()?, Language::PYTHON).or_else(AccuracyReward::new());
/// assert_eq!(reward.name(), "code or accuracy");
/// # Ok::<(), r1_rewards::code::CodeError>(())
/// ```
#[derive(Debug, Clone)]
pub struct CodeOrElse<R> {
    code: CodeReward,
    other: R,
    name: String,
}

impl CodeReward {
    /// This reward where a problem has tests, else the other one.
    pub fn or_else<R: Reward>(self, other: R) -> CodeOrElse<R> {
        let name = format!("{} or {}", self.name(), other.name());
        CodeOrElse { code: self, other, name }
    }
}

impl<R: Reward> CodeOrElse<R> {
    fn of(&self, problem: &Problem) -> &dyn Reward {
        match problem.reference {
            Reference::Tests { .. } => &self.code,
            _ => &self.other,
        }
    }
}

impl<R: Reward> Reward for CodeOrElse<R> {
    fn name(&self) -> &str {
        &self.name
    }

    fn score(&self, problem: &Problem, completion: &Completion) -> Result<Outcome, RewardError> {
        self.of(problem).score(problem, completion)
    }

    fn score_group(&self, problem: &Problem, completions: &[Completion]) -> GroupScores {
        // As a batch of one, in which the programs of a group are judged side by side.
        let mut groups = self.of(problem).score_batch(&[(problem, completions)]);
        groups.pop().unwrap_or_default()
    }

    fn kind(&self) -> RewardKind {
        RewardKind::Blocking
    }
}
