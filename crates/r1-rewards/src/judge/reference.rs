//! A judge that compares an answer with the reference.

use r1_core::{Completion, GroupScores, Outcome, Problem, Reference, Reward, RewardError, RewardKind};

use super::{Judging, ask, correctness, prompt};

/// 1 for an answer that a judge finds to agree with the reference, else 0.
///
/// For what no rule decides: [`Reference::Text`], [`Reference::Expression`], [`Reference::Number`], [`Reference::Choice`] and the chosen
/// answer of [`Reference::Preference`]; abstains on others, and when the verdict cannot be read.
///
/// The judge sees the answer behind the thoughts, never the thoughts; an empty answer earns 0 unasked.
///
/// Resists: answers that end their own mark, that quote a verdict (two verdicts in a reply are none), and that hide several
/// results in the thoughts. Does not resist: a judge that is talked round by the answer; the paper trusts judges for short
/// definite answers only (arXiv:2501.12948v2, G.1).
///
/// # Source
/// DeepSeek-R1 (arXiv:2501.12948v2), listing 4; v1, section 2.3.3.
#[derive(Debug)]
pub struct ReferenceJudgeReward<J> {
    judge: J,
}

impl<J: Judging> ReferenceJudgeReward<J> {
    /// The reward of a judge.
    pub fn new(judge: J) -> Self {
        Self { judge }
    }
}

/// The reference as the judge reads it.
fn written(reference: &Reference) -> Option<String> {
    match reference {
        Reference::Text { text } | Reference::Expression { text } | Reference::Number { text } => {
            Some(text.clone())
        }
        Reference::Preference { chosen, .. } => Some(chosen.clone()),
        Reference::Choice { label, options } => {
            let option =
                ('A'..='Z').zip(options).find(|(letter, _)| letter == label).map(|(_, option)| option);
            Some(option.map_or_else(|| label.to_string(), |option| format!("{label}) {option}")))
        }
        _ => None,
    }
}

impl<J: Judging> Reward for ReferenceJudgeReward<J> {
    fn name(&self) -> &str {
        "judge"
    }

    fn score(&self, problem: &Problem, completion: &Completion) -> Result<Outcome, RewardError> {
        let Some(reference) = written(&problem.reference) else { return Ok(Outcome::Abstain) };
        let answer = completion.response().after_thoughts.trim();
        if answer.is_empty() {
            return Ok(Outcome::Score(0.0));
        }
        let reply = self.judge.reply(&prompt::against_reference(&problem.question, &reference, answer));
        let reply = reply.map_err(|error| RewardError::world(self.name(), error))?;
        Ok(correctness(&reply).map_or(Outcome::Abstain, Outcome::of))
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
