//! Solutions, their steps, and what comes of each.

use r1_core::{
    Completion, Content, FinishReason, Generate, GenerateError, GroupScores, Key, Outcome, Problem, Prompt,
    RewardError, steps, template::PromptTemplate,
};
use r1_data::dataset::StepwiseRow;
use r1_model::{CausalLm, LanguageModel, ModelError};
use r1_rewards::{Reward, score_with_retries};
use serde::{Deserialize, Serialize};

use super::StepLabelConfig;
use crate::{
    DistillError,
    journalled::OfProblem,
    rejection::{check_groups, with_problem},
};

/// What became of one problem.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Counts {
    /// Solutions that are right.
    pub(super) right: usize,
    /// Rows.
    pub(super) rows: usize,
    /// Steps.
    pub(super) steps: usize,
    /// Continuations.
    pub(super) rollouts: usize,
    /// Whether the reference cannot be graded.
    pub(super) ungradable: bool,
}

/// Solves problems and labels the steps of the solutions.
pub(super) struct Labeller<'a, M: CausalLm, R: ?Sized> {
    pub(super) policy: &'a mut LanguageModel<M>,
    pub(super) reward: &'a R,
    pub(super) config: &'a StepLabelConfig,
}

/// A beginning of a solution that is to be continued.
struct Beginning<'p> {
    problem: &'p Problem,
    text: String,
    prefilled: bool,
    /// Tokens that its solution has left.
    room: usize,
    prompt: Prompt,
}

impl<M: CausalLm, R: Reward + ?Sized> Labeller<'_, M, R> {
    /// The rows of some problems.
    pub(super) fn label(
        &mut self,
        problems: &[Problem],
    ) -> Result<Vec<OfProblem<StepwiseRow, Counts>>, DistillError> {
        let config = self.config;
        let key = |problem: &Problem| Key::new(config.seed).for_problem(&problem.id);
        let prompt =
            |problem: &Problem| Prompt { content: config.template.render(problem), key: key(problem) };
        let prompts: Vec<Prompt> = problems.iter().map(prompt).collect();
        let groups = self
            .policy
            .generate(&prompts, config.samples, &config.sampling)
            .map_err(|error| with_problem(error, problems))?;
        check_groups(&groups, problems.len(), config.samples)?;
        let right = self.right(problems.iter().zip(groups.iter().map(Vec::as_slice)).collect())?;

        let mut beginnings = Vec::new();
        for ((problem, prompt), group) in problems.iter().zip(&prompts).zip(&groups) {
            for (sample, solution) in group.iter().enumerate() {
                beginnings.extend(self.beginnings(problem, prompt, sample, solution)?);
            }
        }
        let shares = self.shares(&beginnings)?;
        let mut shares = shares.into_iter();
        let mut results = Vec::new();
        for ((problem, group), right) in problems.iter().zip(&groups).zip(right) {
            let mut counts = Counts { ungradable: right.is_none(), ..Counts::default() };
            let mut rows = Vec::new();
            for (sample, solution) in group.iter().enumerate() {
                let texts = steps(&solution.text, &config.separator);
                let continued = texts.len().saturating_sub(1);
                let mut labels: Vec<f64> = shares.by_ref().take(continued).collect();
                counts.rollouts += continued * config.rollouts;
                let Some(right) = right.as_ref().filter(|_| !texts.is_empty()) else { continue };
                counts.right += usize::from(right[sample]);
                counts.steps += texts.len();
                // Nothing follows the last step: it is as good as the answer.
                labels.push(f64::from(u8::from(right[sample])));
                rows.push(StepwiseRow {
                    id: format!("{}/{sample}", problem.id),
                    prompt: PromptTemplate::Chat { system: None }.render(problem),
                    steps: texts.into_iter().map(str::to_owned).collect(),
                    labels,
                });
            }
            counts.rows = rows.len();
            results.push(OfProblem { problem: problem.id.clone(), rows, counts });
        }
        Ok(results)
    }

    /// The beginnings of a solution that end with each of its steps but the last.
    fn beginnings<'p>(
        &self,
        problem: &'p Problem,
        prompt: &Prompt,
        sample: usize,
        solution: &Completion,
    ) -> Result<Vec<Beginning<'p>>, DistillError> {
        let failed = |error: ModelError| DistillError::Prompt {
            problem: problem.id.clone(),
            source: GenerateError::Failed { source: error.into() },
        };
        let (asked, _) = self.policy.encode(&prompt.content).map_err(failed)?;
        let texts = steps(&solution.text, &self.config.separator);
        let mut text = String::new();
        let mut beginnings = Vec::new();
        for (step, piece) in texts.iter().enumerate().take(texts.len().saturating_sub(1)) {
            text.push_str(piece);
            let tokens = self.policy.tokens_reaching(&solution.ids, text.len());
            let ids = asked.iter().chain(&solution.ids[..tokens]).copied().collect();
            // A token may go on into the next step.
            let begun = self.policy.tokenizer.decode(&solution.ids[..tokens], true);
            let begun = begun.map_err(|error| failed(error.into()))?;
            let key = Key::new(self.config.seed).for_problem(&format!("{}/{sample}/{step}", problem.id));
            beginnings.push(Beginning {
                problem,
                text: begun,
                prefilled: solution.think_prefilled,
                room: self.config.sampling.max_tokens.saturating_sub(tokens),
                prompt: Prompt { content: Content::Ids(ids), key },
            });
        }
        Ok(beginnings)
    }

    /// For each beginning the share of its continuations that are right.
    fn shares(&mut self, beginnings: &[Beginning<'_>]) -> Result<Vec<f64>, DistillError> {
        if beginnings.is_empty() {
            return Ok(Vec::new());
        }
        let prompts: Vec<Prompt> = beginnings.iter().map(|begun| begun.prompt.clone()).collect();
        let problems: Vec<Problem> = beginnings.iter().map(|begun| begun.problem.clone()).collect();
        let mut groups = self
            .policy
            .generate(&prompts, self.config.rollouts, &self.config.sampling)
            .map_err(|error| with_problem(error, &problems))?;
        check_groups(&groups, beginnings.len(), self.config.rollouts)?;
        for (group, begun) in groups.iter_mut().zip(beginnings) {
            for continued in group {
                continued.text = format!("{}{}", begun.text, continued.text);
                continued.think_prefilled = begun.prefilled;
                // A solution that is begun has less room.
                if continued.ids.len() > begun.room {
                    continued.finish = FinishReason::Length;
                }
            }
        }
        let right = self.right(problems.iter().zip(groups.iter().map(Vec::as_slice)).collect())?;
        Ok(right.into_iter().map(|right| self.label_of(&right.unwrap_or_default())).collect())
    }

    fn label_of(&self, right: &[bool]) -> f64 {
        let count = right.iter().filter(|right| **right).count();
        if self.config.hard {
            f64::from(u8::from(count > 0))
        } else {
            count as f64 / right.len().max(1) as f64
        }
    }

    /// Which completions are right; none of a problem whose reference cannot be graded.
    fn right(&self, groups: Vec<(&Problem, &[Completion])>) -> Result<Vec<Option<Vec<bool>>>, DistillError> {
        let scores = score_with_retries(self.reward, &groups);
        let of_group = |((problem, completions), scores): ((&Problem, &[Completion]), GroupScores)| {
            let mut right = Vec::with_capacity(scores.len());
            for (completion, score) in completions.iter().zip(scores) {
                match score.map(|score| score.outcome) {
                    Ok(Outcome::Score(score)) => {
                        right.push(score >= self.config.right_at && completion.finish == FinishReason::Stop);
                    }
                    Ok(Outcome::Abstain) => right.push(false),
                    Err(RewardError::Ungradable { .. }) => return Ok(None),
                    Err(source) => {
                        return Err(DistillError::Reward { problem: problem.id.clone(), source });
                    }
                }
            }
            Ok(Some(right))
        };
        groups.into_iter().zip(scores).map(of_group).collect()
    }
}
