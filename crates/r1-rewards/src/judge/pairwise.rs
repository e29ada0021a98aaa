//! A judge that compares an answer with another one.

use r1_core::{Completion, GroupScores, Outcome, Problem, Reference, Reward, RewardError, RewardKind};

use super::{Judging, ask, preference, prompt};

/// How much better an answer is than the problem's own, by a judge that sees the two in both orders.
///
/// ```text
/// r = 1/2 + (v(answer, own) - v(own, answer)) / 8        v in -2..2
/// ```
///
/// 0 is much worse, 1/2 as good, 1 much better. The problem's own answer is the chosen one of [`Reference::Preference`], a
/// [`Reference::Text`], or the metadata `baseline`; without one it abstains, and when either verdict cannot be read.
///
/// The judge sees the answer behind the thoughts, never the thoughts; an empty answer earns 0 unasked.
///
/// Resists: the judge's taste for the first or the second place; answers that end their own mark or quote a verdict (two
/// verdicts in a reply are none). Does not resist: whatever the judge likes beyond what is good, such as length and
/// flattery: use it for few updates, as the paper does, and let the audit hunt.
///
/// # Source
/// DeepSeek-R1 (arXiv:2501.12948v2), section 3.1 and B.3.2, with the verdicts of arena-hard (arXiv:2406.11939).
#[derive(Debug)]
pub struct PairwiseJudgeReward<J> {
    judge: J,
}

impl<J: Judging> PairwiseJudgeReward<J> {
    /// The reward of a judge.
    pub fn new(judge: J) -> Self {
        Self { judge }
    }

    fn verdict(&self, question: &str, first: &str, second: &str) -> Result<Option<f32>, RewardError> {
        let reply = self.judge.reply(&prompt::pair(question, first, second));
        let reply = reply.map_err(|error| RewardError::world(self.name(), error))?;
        Ok(preference(&reply).map(|preference| preference.value()))
    }
}

/// The answer that a completion is compared with.
fn own(problem: &Problem) -> Option<&str> {
    let said = problem.metadata.get("baseline").and_then(|baseline| baseline.as_str());
    said.or(match &problem.reference {
        Reference::Preference { chosen, .. } => Some(chosen),
        Reference::Text { text } => Some(text),
        _ => None,
    })
}

impl<J: Judging> Reward for PairwiseJudgeReward<J> {
    fn name(&self) -> &str {
        "pairwise_judge"
    }

    fn score(&self, problem: &Problem, completion: &Completion) -> Result<Outcome, RewardError> {
        let Some(own) = own(problem) else { return Ok(Outcome::Abstain) };
        let answer = completion.response().after_thoughts.trim();
        if answer.is_empty() {
            return Ok(Outcome::Score(0.0));
        }
        let question = &problem.question;
        let Some(first) = self.verdict(question, answer, own)? else { return Ok(Outcome::Abstain) };
        let Some(second) = self.verdict(question, own, answer)? else { return Ok(Outcome::Abstain) };
        Ok(Outcome::Score(0.5 + (first - second) / 8.0))
    }

    fn score_group(&self, problem: &Problem, completions: &[Completion]) -> GroupScores {
        self.score_batch(&[(problem, completions)]).pop().unwrap_or_default()
    }

    fn score_batch(&self, groups: &[(&Problem, &[Completion])]) -> Vec<GroupScores> {
        ask::score_batch(self.judge.parallel(), groups, |problem, completion| self.score(problem, completion))
    }

    fn kind(&self) -> RewardKind {
        RewardKind::Blocking
    }
}
