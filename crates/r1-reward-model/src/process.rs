//! A process reward model as a reward.

use std::path::Path;

use burn::tensor::Device;
use r1_core::{
    Completion, GroupScores, Outcome, Problem, Reward, RewardError, Score, StepScore, steps,
    template::PromptTemplate,
};
use r1_model::{CausalLm, LanguageModel, ModelError, Transformer};
use serde::Deserialize;

use crate::{
    RewardModel, Scope,
    encode::{Encoder, Responses},
    judgement::{checked_prompt, question, scores},
};

/// Scores every step of completions by a [`RewardModel`] that learnt labelled steps.
///
/// ```text
/// p_j = σ(score · norm(h_j))          at the last token of step j
/// r   = min_j p_j                     or the last one, the mean, or nothing
/// ```
///
/// The steps are [`steps`] of the text; each is encoded by itself, as in training. `p_j` are the rewards of the steps, which
/// GRPO turns into advantages of their tokens, and `r` is the reward of the whole. A completion without a step
/// earns 0.
/// Steps beyond `max_tokens` have no score. On the CPU the scores have the same bits alone and in any batch.
///
/// A policy learns to write what such a model likes rather than what is right, and many short steps that all please it:
/// the paper tried it and gave it up.
///
/// # Examples
/// ```no_run
/// use r1_reward_model::ProcessReward;
///
/// let reward = ProcessReward::load("runs/steps/model", &r1_model::device()?)?;
/// # Ok::<(), r1_model::ModelError>(())
/// ```
///
/// # Source
/// Math-Shepherd (arXiv:2312.08935v3), section 3.4: the least score of the steps is that of the whole; DeepSeekMath
/// (arXiv:2402.03300v3), section 4.1.3: rewards of steps in GRPO; DeepSeek-R1 (arXiv:2501.12948v1), section 4.2: why not.
#[derive(Debug)]
pub struct ProcessReward<M: CausalLm = Transformer> {
    model: LanguageModel<RewardModel<M>>,
    settings: ProcessRewardSettings,
}

/// Settings of a [`ProcessReward`].
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ProcessRewardSettings {
    /// The name in reports and errors.
    pub name: String,
    /// What stands between two steps, as in training.
    pub separator: String,
    /// How the model is shown questions.
    pub template: PromptTemplate,
    /// What the whole earns of its steps.
    pub whole: Whole,
    /// Most tokens of a prompt and a response; the model's context is a limit, too.
    pub max_tokens: usize,
    /// Most tokens in one forward pass. It bounds memory, and does not change the result.
    pub tokens_per_pass: usize,
}

/// What a completion earns of its steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Whole {
    /// The least score.
    #[default]
    Min,
    /// The last one.
    Last,
    /// The mean.
    Mean,
    /// Nothing: the reward abstains on the whole, and the steps alone are trained on, as in DeepSeekMath.
    Nothing,
}

impl Default for ProcessRewardSettings {
    fn default() -> Self {
        Self {
            name: "process_reward_model".into(),
            separator: "\n".into(),
            template: PromptTemplate::Chat { system: None },
            whole: Whole::Min,
            max_tokens: usize::MAX,
            tokens_per_pass: 4096,
        }
    }
}

impl ProcessReward<Transformer> {
    /// The reward of a saved reward model.
    ///
    /// # Errors
    /// Those of [`RewardModel::load`].
    pub fn load(dir: impl AsRef<Path>, device: &Device) -> Result<Self, ModelError> {
        RewardModel::load(dir, device).map(Self::new)
    }
}

impl<M: CausalLm> ProcessReward<M> {
    /// The reward of a reward model: steps are lines, questions shown by its chat template.
    pub fn new(model: LanguageModel<RewardModel<M>>) -> Self {
        Self { model, settings: ProcessRewardSettings::default() }
    }

    /// The same with all settings.
    ///
    /// # Panics
    /// When the separator is empty.
    pub fn with_settings(self, settings: ProcessRewardSettings) -> Self {
        assert!(!settings.separator.is_empty(), "something must stand between two steps");
        Self { settings, ..self }
    }

    /// The steps of a completion that can be scored, with where they end in its text.
    fn shown(&self, problem: &Problem, completion: &Completion) -> Result<Shown, RewardError> {
        let ProcessRewardSettings { name, separator, template, max_tokens, .. } = &self.settings;
        let prompt = question(problem, template, name)?;
        let texts = steps(&completion.text, separator);
        let encoder = Encoder { model: &self.model, scope: Scope::Response };
        let mut chain =
            encoder.steps(&prompt, &texts).map_err(|source: ModelError| RewardError::world(name, source))?;
        let limit = (*max_tokens).min(self.model.config.context);
        let mut tokens = checked_prompt(&chain, problem, limit, name)?;
        let fit = chain.responses.iter().take_while(|step| {
            tokens += step.len();
            tokens <= limit
        });
        let fit = fit.count();
        chain.responses.truncate(fit);
        let mut end = 0;
        let ends = texts[..fit].iter().map(|text| {
            end += text.len();
            end
        });
        Ok(Shown { ends: ends.collect(), texts: chain })
    }

    /// What a completion earned, with its steps.
    fn score_of(&self, scores: &[f32], ends: &[usize]) -> Result<Score, RewardError> {
        let rewards: Vec<f32> = scores.iter().map(|score| 1.0 / (1.0 + (-score).exp())).collect();
        let count = rewards.len().max(1) as f32;
        let whole = match self.settings.whole {
            Whole::Min => rewards.iter().copied().reduce(f32::min),
            Whole::Last => rewards.last().copied(),
            Whole::Mean => Some(rewards.iter().sum::<f32>() / count),
            Whole::Nothing => None,
        };
        let outcome = match (whole, self.settings.whole) {
            (Some(whole), _) => Outcome::Score(whole),
            (None, Whole::Nothing) => Outcome::Abstain,
            (None, _) => Outcome::Score(0.0),
        };
        let steps = ends.iter().zip(rewards).map(|(&end, reward)| StepScore { end, reward }).collect();
        Score::from(outcome).with_steps(steps).finite(&self.settings.name)
    }
}

impl<M: CausalLm> Reward for ProcessReward<M> {
    fn name(&self) -> &str {
        &self.settings.name
    }

    fn score(&self, problem: &Problem, completion: &Completion) -> Result<Outcome, RewardError> {
        let scored = self.score_group(problem, std::slice::from_ref(completion)).remove(0)?;
        Ok(scored.outcome)
    }

    fn score_group(&self, problem: &Problem, completions: &[Completion]) -> GroupScores {
        self.score_batch(&[(problem, completions)]).remove(0)
    }

    fn score_batch(&self, groups: &[(&Problem, &[Completion])]) -> Vec<GroupScores> {
        let of_group = |(problem, completions): &(&Problem, &[Completion])| -> Vec<_> {
            completions.iter().map(|completion| self.shown(problem, completion)).collect()
        };
        let shown: Vec<Vec<Result<Shown, RewardError>>> = groups.iter().map(of_group).collect();
        let texts: Vec<Responses> =
            shown.iter().flatten().flatten().map(|shown| shown.texts.clone()).collect();
        let mut scores = scores(&self.model, &texts, self.settings.tokens_per_pass).into_iter();
        let mut score = |shown: Shown| self.score_of(&scores.next().unwrap_or_default(), &shown.ends);
        shown
            .into_iter()
            .map(|group| group.into_iter().map(|shown| shown.and_then(&mut score)).collect())
            .collect()
    }
}

/// What the model is shown of a completion.
struct Shown {
    /// The steps in a chain.
    texts: Responses,
    /// Where each ends in the text, in bytes.
    ends: Vec<usize>,
}
