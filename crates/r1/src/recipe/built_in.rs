//! The rewards that a recipe can name, made of their parameters.

use std::path::{Path, PathBuf};

use r1_core::{Reward, reward_fn};
use r1_rewards::{
    AccuracyReward, ChoiceReward, FormatReward, Language, LanguageReward, LoopReward, Mode, Readability,
    RepetitionReward, TaskReward,
    code::{self, CodeReward, Judge, RepositoryReward},
    compat,
    instruction::{InstructionReward, Leniency},
    judge::{ChatJudge, JudgeSettings, PairwiseJudgeReward, ReferenceJudgeReward},
    length::{CosineReward, CosineSchedule, KimiLengthReward, OverlongReward},
};
use serde::Deserialize;

use super::Registry;

/// Adds all of them.
pub(super) fn register(registry: &mut Registry) {
    registry.reward("accuracy", |WithMode { mode }| AccuracyReward::new().with_mode(mode));
    registry.reward("task", |WithMode { mode }| TaskReward::new().with_mode(mode));
    registry.reward("format", |parameters: FormatParameters| parameters.reward());
    registry.try_reward("language", |parameters: LanguageParameters| parameters.reward());
    registry.reward("overlong", |Overlong { max_tokens, cache_tokens }| {
        OverlongReward::new(max_tokens, cache_tokens)
    });
    registry.reward("cosine", |Cosine { mode, schedule }| {
        CosineReward::new(AccuracyReward::new().with_mode(mode), schedule)
    });
    registry.reward("kimi_length", |WithMode { mode }| {
        KimiLengthReward::new(AccuracyReward::new().with_mode(mode))
    });
    registry.reward("repetition", |Repetition { size, max_penalty }| {
        RepetitionReward::new().with_size(size).with_max_penalty(max_penalty)
    });
    registry.insert("judge", |parameters: JudgeParameters, base| {
        parameters.judge(base).map(ReferenceJudgeReward::new)
    });
    registry.insert("pairwise_judge", |parameters: JudgeParameters, base| {
        parameters.judge(base).map(PairwiseJudgeReward::new)
    });
    registry.reward("choice", |WithMode { mode }| ChoiceReward::new().with_mode(mode));
    registry.reward("instruction", |Instructions { leniency, all }| {
        let reward = InstructionReward::new().with_leniency(leniency);
        if all { reward.all_or_nothing() } else { reward }
    });
    registry.reward("readability", |rules: Readability| rules);
    registry.reward("loop_guard", |guard: LoopReward| guard);
    registry.try_reward("code", |CodeParameters { language, max_tests }| {
        let reward = CodeReward::new(judge()?, language);
        Ok(match max_tests {
            Some(max_tests) => reward.with_max_tests(max_tests),
            None => reward,
        })
    });
    registry.insert("repository", |RepositoryParameters { root }, base| {
        Ok(RepositoryReward::new(judge()?, base.join(root)))
    });
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WithMode {
    #[serde(default)]
    mode: Mode,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FormatParameters {
    #[serde(default)]
    style: FormatStyle,
    #[serde(default)]
    think_ids: Option<(u32, u32)>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "snake_case")]
enum FormatStyle {
    #[default]
    R1Zero,
    Think,
    SoftTags,
    TrlThink,
    OpenR1,
    OpenR1Tags,
}

impl FormatParameters {
    fn reward(&self) -> Box<dyn Reward> {
        let of_text = |function: fn(&str) -> f32| -> Box<dyn Reward> {
            Box::new(reward_fn("format", move |_, completion| function(&completion.text)))
        };
        match (self.think_ids, &self.style) {
            (Some((open, close)), _) => Box::new(FormatReward::think_ids(open, close)),
            (None, FormatStyle::R1Zero) => Box::new(FormatReward::r1_zero()),
            (None, FormatStyle::Think) => Box::new(FormatReward::think()),
            (None, FormatStyle::SoftTags) => Box::new(FormatReward::soft_tags()),
            (None, FormatStyle::TrlThink) => of_text(compat::trl::think_format),
            (None, FormatStyle::OpenR1) => of_text(compat::open_r1::format),
            (None, FormatStyle::OpenR1Tags) => of_text(compat::open_r1::tag_count),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Overlong {
    max_tokens: usize,
    cache_tokens: usize,
}

#[derive(Deserialize)]
struct Cosine {
    #[serde(default)]
    mode: Mode,
    #[serde(flatten)]
    schedule: CosineSchedule,
}

#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Repetition {
    size: usize,
    max_penalty: f64,
}

impl Default for Repetition {
    fn default() -> Self {
        Self { size: 3, max_penalty: -1.0 }
    }
}

#[derive(Deserialize)]
struct JudgeParameters {
    endpoint: String,
    #[serde(flatten)]
    settings: JudgeSettings,
}

impl JudgeParameters {
    fn judge(self, base: &Path) -> Result<ChatJudge, String> {
        let cache = self.settings.cache.as_ref().map(|cache| base.join(cache));
        ChatJudge::new(&self.endpoint, JudgeSettings { cache, ..self.settings })
            .map_err(|error| error.to_string())
    }
}

#[derive(Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
struct Instructions {
    leniency: Leniency,
    all: bool,
}

#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
struct LanguageParameters {
    target: String,
    min_words: usize,
    same_script: bool,
}

impl Default for LanguageParameters {
    fn default() -> Self {
        Self { target: "question".into(), min_words: 1, same_script: true }
    }
}

impl LanguageParameters {
    fn reward(&self) -> Result<LanguageReward, String> {
        let reward = match self.target.as_str() {
            "question" => LanguageReward::of_question(),
            code => LanguageReward::new(Language::try_from(code.to_owned())?),
        };
        Ok(reward.with_min_words(self.min_words).with_same_script(self.same_script))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CodeParameters {
    language: code::Language,
    #[serde(default)]
    max_tests: Option<usize>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RepositoryParameters {
    #[serde(default)]
    root: PathBuf,
}

fn judge() -> Result<Judge, String> {
    Judge::new().map_err(|error| error.to_string())
}
