//! A reward model as a reward.

use std::path::Path;

use burn::tensor::Device;
use r1_core::{Completion, GroupScores, Outcome, Problem, Reward, RewardError, template::PromptTemplate};
use r1_model::{CausalLm, LanguageModel, ModelError, Transformer};
use serde::Deserialize;

use crate::{
    RewardModel, Scope,
    encode::{Encoder, Responses},
    judgement::{checked_prompt, question, scores},
};

/// Scores completions by a [`RewardModel`], those of a step in packed passes.
///
/// ```text
/// r = score · norm(h_last)            or σ(r), with squash
/// ```
///
/// The model is shown the problem's question in its `template`, or the conversation of the metadata's `messages`, and
/// the part of the completion that its [`Scope`] says, which should be that of training. A response that is too long is
/// cut at its end; a completion whose thoughts never end has an empty summary, of which the score says little, so
/// pair it with a reward of format. On the CPU a completion's score has the same bits alone and in any batch.
///
/// Scores have no scale of their own: groups are normalised in training, and in a sum of rewards either `squash` or a
/// `clip` bounds them.
///
/// # Examples
/// ```no_run
/// use r1_reward_model::{RewardModelReward, Scope};
///
/// let helpful = RewardModelReward::load("runs/helpful/model", &r1_model::device()?)?;
/// let safe = RewardModelReward::load("runs/safe/model", &r1_model::device()?)?
///     .with_name("safe")
///     .with_scope(Scope::Response)
///     .with_squash(true);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Source
/// DeepSeek-R1 (arXiv:2501.12948v2), eq. (5) and (6).
#[derive(Debug)]
pub struct RewardModelReward<M: CausalLm = Transformer> {
    model: LanguageModel<RewardModel<M>>,
    settings: RewardModelSettings,
}

/// Settings of a [`RewardModelReward`].
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RewardModelSettings {
    /// The name in reports and errors.
    pub name: String,
    /// What part of completions is judged.
    pub scope: Scope,
    /// How the model is shown questions.
    pub template: PromptTemplate,
    /// Whether the score goes through a sigmoid: the probability of a good response, of a model of labels.
    pub squash: bool,
    /// Most tokens of a prompt and a response; the model's context is a limit, too.
    pub max_tokens: usize,
    /// Most tokens in one forward pass. It bounds memory, and does not change the result.
    pub tokens_per_pass: usize,
}

impl Default for RewardModelSettings {
    fn default() -> Self {
        Self {
            name: "reward_model".into(),
            scope: Scope::Summary,
            template: PromptTemplate::Chat { system: None },
            squash: false,
            max_tokens: usize::MAX,
            tokens_per_pass: 4096,
        }
    }
}

impl RewardModelReward<Transformer> {
    /// The reward of a saved reward model.
    ///
    /// # Errors
    /// Those of [`RewardModel::load`].
    pub fn load(dir: impl AsRef<Path>, device: &Device) -> Result<Self, ModelError> {
        RewardModel::load(dir, device).map(Self::new)
    }
}

impl<M: CausalLm> RewardModelReward<M> {
    /// The reward of a reward model: summaries are judged, questions shown by its chat template.
    pub fn new(model: LanguageModel<RewardModel<M>>) -> Self {
        Self { model, settings: RewardModelSettings::default() }
    }

    /// The same with all settings.
    pub fn with_settings(self, settings: RewardModelSettings) -> Self {
        Self { settings, ..self }
    }

    /// The same under another name.
    pub fn with_name(mut self, name: impl Into<String>) -> Self {
        self.settings.name = name.into();
        self
    }

    /// The same with another part of completions judged.
    pub fn with_scope(mut self, scope: Scope) -> Self {
        self.settings.scope = scope;
        self
    }

    /// The same with questions shown in another template.
    pub fn with_template(mut self, template: PromptTemplate) -> Self {
        self.settings.template = template;
        self
    }

    /// The same with scores that go through a sigmoid, or as they are.
    pub fn with_squash(mut self, squash: bool) -> Self {
        self.settings.squash = squash;
        self
    }

    /// What the model is shown of a group.
    fn shown(&self, problem: &Problem, completions: &[Completion]) -> Result<Responses, RewardError> {
        let failed = |source: ModelError| RewardError::world(&self.settings.name, source);
        let prompt = question(problem, &self.settings.template, &self.settings.name)?;
        let encoder = Encoder { model: &self.model, scope: self.settings.scope };
        let texts =
            completions.iter().map(|completion| (completion.text.as_str(), completion.think_prefilled));
        let mut shown = encoder.responses(&prompt, texts).map_err(failed)?;
        let limit = self.settings.max_tokens.min(self.model.config.context);
        let tokens = checked_prompt(&shown, problem, limit, &self.settings.name)?;
        for response in &mut shown.responses {
            if tokens + response.len() > limit {
                // The end of the turn stays, for that is where the score is read.
                let end = response.last().copied().filter(|last| self.model.stop_ids.contains(last));
                response.truncate(limit - tokens - usize::from(end.is_some()));
                response.extend(end);
            }
        }
        Ok(shown)
    }

    fn outcome(&self, score: f32) -> Result<Outcome, RewardError> {
        let squashed = 1.0 / (1.0 + (-score).exp());
        Outcome::Score(if self.settings.squash { squashed } else { score }).finite(&self.settings.name)
    }
}

impl<M: CausalLm> Reward for RewardModelReward<M> {
    fn name(&self) -> &str {
        &self.settings.name
    }

    fn score(&self, problem: &Problem, completion: &Completion) -> Result<Outcome, RewardError> {
        let shown = self.shown(problem, std::slice::from_ref(completion))?;
        self.outcome(scores(&self.model, &[shown], self.settings.tokens_per_pass)[0][0])
    }

    fn score_group(&self, problem: &Problem, completions: &[Completion]) -> GroupScores {
        self.score_batch(&[(problem, completions)]).remove(0)
    }

    fn score_batch(&self, groups: &[(&Problem, &[Completion])]) -> Vec<GroupScores> {
        let shown: Vec<Result<Responses, RewardError>> =
            groups.iter().map(|(problem, completions)| self.shown(problem, completions)).collect();
        let whole: Vec<Responses> = shown.iter().flatten().cloned().collect();
        let mut scores = scores(&self.model, &whole, self.settings.tokens_per_pass).into_iter();
        let of_group =
            |(shown, (problem, completions)): (Result<_, _>, &(&Problem, &[Completion]))| match shown {
                Ok(_) => {
                    let scores = scores.next().unwrap_or_default();
                    scores.into_iter().map(|score| Ok(self.outcome(score)?.into())).collect()
                }
                // An error belongs to one completion, so each is asked for its own.
                Err(_) => {
                    completions.iter().map(|completion| Ok(self.score(problem, completion)?.into())).collect()
                }
            };
        shown.into_iter().zip(groups).map(of_group).collect()
    }
}
