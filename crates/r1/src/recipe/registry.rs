//! Rewards by name.

use std::{collections::BTreeMap, fmt, path::Path};

use r1_core::Reward;
use r1_data::{did_you_mean, or_nearest};
use r1_rewards::{CommandReward, ExternalSettings, Rubric, UrlReward};
use serde::{Deserialize, de::DeserializeOwned};
use toml::{Table, Value};

use super::{RecipeError, RewardRecipe, Rewards, built_in, learnt_rewards, shaping::Shaping};

/// Makes a reward of its parameters and of the folder that its paths are relative to.
type Maker = Box<dyn Fn(&Table, &Path) -> Result<Box<dyn Reward>, String> + Send + Sync>;

/// The rewards that a recipe can name: those of r1-rewards, and those that were added.
///
/// ```
/// use r1::core::{Completion, FinishReason, Outcome, Problem, Reference, Reward, reward_fn};
/// use r1::recipe::{Registry, RewardRecipe, Rewards};
///
/// #[derive(serde::Deserialize)]
/// struct Brevity {
///     max_words: usize,
/// }
///
/// let mut registry = Registry::new();
/// registry.reward("brevity", |Brevity { max_words }| {
///     reward_fn("brevity", move |_, completion| (completion.text.split_whitespace().count() <= max_words) as u8 as f32)
/// });
/// let mut brevity = RewardRecipe::named("brevity");
/// brevity.parameters.insert("max_words".into(), 3.into());
/// let rubric = registry.rubric(&Rewards(vec![RewardRecipe::named("format"), brevity]), ".".as_ref())?;
///
/// let problem = Problem::new("greet", "Say hello.", Reference::text("hello"));
/// let completion = Completion::from_text("<think>Brief.</think><answer>Hello!</answer>", FinishReason::Stop);
/// assert_eq!(rubric.score(&problem, &completion)?, Outcome::Score(2.0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Registry {
    makers: BTreeMap<String, Maker>,
}

impl Registry {
    /// The rewards that r1 knows itself.
    ///
    /// | name | parameters |
    /// |---|---|
    /// | `accuracy` | `mode`: `strict` (default), `anchored`, `lenient` |
    /// | `format` | `style`: `r1_zero` (default), `think`, `soft_tags`, `trl_think`, `open_r1`, `open_r1_tags`; or `think_ids = [open, close]` |
    /// | `overlong` | `max_tokens`, `cache_tokens` |
    /// | `cosine` | the fields of [`CosineSchedule`](r1_rewards::length::CosineSchedule); `mode`, as for `accuracy` |
    /// | `kimi_length` | `mode`, as for `accuracy` |
    /// | `repetition` | `size` (3), `max_penalty` (-1) |
    /// | `judge`, `pairwise_judge` | `endpoint`: an OpenAI-compatible address; the fields of [`JudgeSettings`](r1_rewards::judge::JudgeSettings) |
    /// | `choice` | `mode`, as for `accuracy` |
    /// | `instruction` | `leniency`: `strict` (default), `loose`; `all`: 1 only when all are followed |
    /// | `readability` | `max_foreign_share`, `max_paragraph_words`, `code_blocks`, `thoughts` |
    /// | `loop_guard` | `max_period`, `repeats`, `min_tokens` |
    /// | `task` | `mode`, as for `accuracy` |
    /// | `language` | `target`: `question` (default) or a code such as `en`; `min_words`; `same_script` |
    /// | `code` | `language`; `max_tests` |
    /// | `reward_model` | `path`: the folder of a reward model, seen from the recipe's; `label`: what reports call it; the fields of [`RewardModelSettings`](r1_reward_model::RewardModelSettings) |
    /// | `process_reward_model` | `path`, `label`, as for `reward_model`; the fields of [`ProcessRewardSettings`](r1_reward_model::ProcessRewardSettings) |
    /// | `repository` | `root`: the folder of the tasks' repositories, seen from the recipe's (default: the same) |
    ///
    /// Every term may have `from_update` and `until_update`, between which it counts, and `clip = [low, high]`.
    ///
    /// Beside these, a term with `command = ["python3", "my_reward.py"]` is a [`CommandReward`], and one with
    /// `url = "http://.."` a [`UrlReward`]; both take the fields of [`ExternalSettings`].
    pub fn new() -> Self {
        let mut registry = Self { makers: BTreeMap::new() };
        built_in::register(&mut registry);
        learnt_rewards::register(&mut registry);
        registry
    }

    /// Adds a reward, or puts it in the place of one of the same name. `make` is given its parameters: what stands
    /// beside `name` and `weight` in the recipe.
    pub fn reward<P, R>(&mut self, name: impl Into<String>, make: impl Fn(P) -> R + Send + Sync + 'static)
    where
        P: DeserializeOwned,
        R: Reward + 'static,
    {
        self.try_reward(name, move |parameters| Ok(make(parameters)));
    }

    /// [`reward`](Self::reward) for one that can fail to be made, with a clause that says why.
    pub fn try_reward<P, R>(
        &mut self,
        name: impl Into<String>,
        make: impl Fn(P) -> Result<R, String> + Send + Sync + 'static,
    ) where
        P: DeserializeOwned,
        R: Reward + 'static,
    {
        self.insert(name, move |parameters, _| make(parameters));
    }

    pub(super) fn insert<P, R>(
        &mut self,
        name: impl Into<String>,
        make: impl Fn(P, &Path) -> Result<R, String> + Send + Sync + 'static,
    ) where
        P: DeserializeOwned,
        R: Reward + 'static,
    {
        let maker = move |table: &Table, base: &Path| {
            let parameters =
                P::deserialize(table.clone()).map_err(|error| did_you_mean(error.to_string().trim_end()))?;
            Ok(Box::new(make(parameters, base)?) as Box<dyn Reward>)
        };
        self.makers.insert(name.into(), Box::new(maker));
    }

    /// The names that a recipe may use, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.makers.keys().map(String::as_str)
    }

    /// Makes one reward. Processes work in the folder `base`.
    ///
    /// # Errors
    /// [`RecipeError::Reward`] for a name that nobody added, for parameters that do not fit, and for a program that does
    /// not start.
    pub fn make(&self, recipe: &RewardRecipe, base: &Path) -> Result<Box<dyn Reward>, RecipeError> {
        let wrong = |reason| RecipeError::Reward { name: recipe.name.clone(), reason };
        let mut parameters = recipe.parameters.clone();
        let shaping = Shaping::take(&mut parameters).map_err(wrong)?;
        let plain = RewardRecipe { parameters, ..recipe.clone() };
        if let Some(external) = external(&plain, base) {
            return external.map(|reward| shaping.apply(reward)).map_err(wrong);
        }
        let Some(maker) = self.makers.get(&recipe.name) else {
            let known: Vec<&str> = self.names().collect();
            return Err(wrong(format!("there is none of this name{}", or_nearest(&recipe.name, &known))));
        };
        maker(&plain.parameters, base).map(|reward| shaping.apply(reward)).map_err(wrong)
    }

    /// Makes all terms of a reward.
    ///
    /// # Errors
    /// As [`make`](Self::make), and without any term.
    pub fn rubric(&self, rewards: &Rewards, base: &Path) -> Result<Rubric, RecipeError> {
        if rewards.is_empty() {
            let reason = "the recipe has none; add a table [[reward]] with a name".into();
            return Err(RecipeError::Reward { name: String::new(), reason });
        }
        rewards
            .0
            .iter()
            .try_fold(Rubric::new(), |rubric, term| Ok(rubric.with(term.weight, self.make(term, base)?)))
    }
}

/// The reward of a term with a command or a URL.
fn external(recipe: &RewardRecipe, base: &Path) -> Option<Result<Box<dyn Reward>, String>> {
    let mut parameters = recipe.parameters.clone();
    let place = parameters.remove("command").map(Ok).or_else(|| parameters.remove("url").map(Err))?;
    Some(settings(parameters).and_then(|settings| match place {
        Ok(command) => {
            let command: Vec<String> = command
                .try_into()
                .map_err(|_| "`command` is no list of texts, such as [\"python3\", \"my_reward.py\"]")?;
            let reward = CommandReward::new(command, settings).map_err(|error| error.to_string())?;
            let reward = reward.with_name(&recipe.name);
            let reward = if base.as_os_str().is_empty() { reward } else { reward.with_folder(base) };
            reward.start().map_err(|error| error.to_string())?;
            Ok(Box::new(reward) as Box<dyn Reward>)
        }
        Err(Value::String(url)) => {
            let reward = UrlReward::new(url, settings).map_err(|error| error.to_string())?;
            Ok(Box::new(reward.with_name(&recipe.name)) as Box<dyn Reward>)
        }
        Err(other) => Err(format!("`url` is {other}; expected a text")),
    }))
}

fn settings(parameters: Table) -> Result<ExternalSettings, String> {
    ExternalSettings::deserialize(parameters).map_err(|error| did_you_mean(error.to_string().trim_end()))
}

impl Default for Registry {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.names()).finish()
    }
}
