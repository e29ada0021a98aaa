//! The rewards that reward models give, in recipes.

use std::path::{Path, PathBuf};

use r1_data::did_you_mean;
use r1_reward_model::{ProcessReward, ProcessRewardSettings, RewardModelReward, RewardModelSettings};
use serde::Deserialize;
use toml::{Table, Value};

use super::{Registry, RewardRecipe};

/// The rewards whose `path` is the folder of a reward model.
const NAMES: [&str; 2] = ["reward_model", "process_reward_model"];

/// The folder of the reward model that a term is made of, if it is one.
pub(super) fn folder_of(term: &RewardRecipe) -> Option<&Path> {
    let path = term.parameters.get("path").and_then(Value::as_str).unwrap_or_default();
    NAMES.contains(&term.name.as_str()).then(|| Path::new(path))
}

/// Adds them.
pub(super) fn register(registry: &mut Registry) {
    registry.insert(NAMES[0], |mut parameters: Table, base: &Path| {
        let (path, label) = (folder(&mut parameters, base)?, label(&mut parameters)?);
        let settings: RewardModelSettings = read(parameters)?;
        let settings = RewardModelSettings { name: label.unwrap_or(settings.name), ..settings };
        let device = r1_model::device().map_err(|error| error.to_string())?;
        let reward = RewardModelReward::load(path, &device).map_err(|error| error.to_string())?;
        Ok(reward.with_settings(settings))
    });
    registry.insert(NAMES[1], |mut parameters: Table, base: &Path| {
        let (path, label) = (folder(&mut parameters, base)?, label(&mut parameters)?);
        let settings: ProcessRewardSettings = read(parameters)?;
        let settings = ProcessRewardSettings { name: label.unwrap_or(settings.name), ..settings };
        if settings.separator.is_empty() {
            return Err("`separator` is empty; say what stands between two steps".into());
        }
        let device = r1_model::device().map_err(|error| error.to_string())?;
        let reward = ProcessReward::load(path, &device).map_err(|error| error.to_string())?;
        Ok(reward.with_settings(settings))
    });
}

fn folder(parameters: &mut Table, base: &Path) -> Result<PathBuf, String> {
    let path = text(parameters, "path")?.ok_or("`path` is missing; name the folder of a reward model")?;
    Ok(base.join(path))
}

/// What reports call the reward.
fn label(parameters: &mut Table) -> Result<Option<String>, String> {
    text(parameters, "label")
}

fn text(parameters: &mut Table, name: &str) -> Result<Option<String>, String> {
    match parameters.remove(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(other) => Err(format!("`{name}` is {other}; expected a text")),
    }
}

fn read<T: for<'de> Deserialize<'de>>(parameters: Table) -> Result<T, String> {
    T::deserialize(parameters).map_err(|error| did_you_mean(error.to_string().trim_end()))
}
