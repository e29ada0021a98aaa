//! `adapter_config.json` as PEFT writes it.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Adapter, LoraConfig};
use crate::{ModelError, checkpoint::Part};

/// The settings of an adapter.
pub(crate) const ADAPTER_CONFIG: &str = "adapter_config.json";
/// Its numbers.
pub(crate) const ADAPTER_WEIGHTS: &str = "adapter_model.safetensors";
/// What stands before the name of each adapted layer.
pub(crate) const PREFIX: &str = "base_model.model.";

/// What r1 reads of `adapter_config.json`, and what it must find there. Fields that change nothing are left out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct PeftConfig {
    peft_type: String,
    #[serde(default)]
    task_type: Option<String>,
    #[serde(default)]
    base_model_name_or_path: Option<String>,
    r: usize,
    #[serde(default = "eight")]
    lora_alpha: f64,
    target_modules: Value,
    #[serde(default)]
    use_rslora: bool,
    #[serde(default)]
    lora_dropout: f64,
    #[serde(default = "none")]
    bias: String,
    #[serde(default)]
    fan_in_fan_out: bool,
    #[serde(default)]
    inference_mode: bool,
    #[serde(flatten)]
    other: serde_json::Map<String, Value>,
}

/// PEFT's default.
fn eight() -> f64 {
    8.0
}

fn none() -> String {
    "none".to_owned()
}

/// Fields that change nothing about an adapter that is trained already; any other that is set is refused.
const HARMLESS: &[&str] = &[
    "auto_mapping",
    "corda_config",
    "ensure_weight_tying",
    "eva_config",
    "loftq_config",
    "lora_ga_config",
    "megatron_core",
    "peft_version",
    "qalora_group_size",
    "revision",
    "runtime_config",
];

/// Ways to begin that leave the base as it is; after others it is not the base that PEFT has.
const BEGINNINGS: &[&str] = &["gaussian", "orthogonal", "eva"];

impl PeftConfig {
    /// Reads a folder's `adapter_config.json`.
    ///
    /// # Errors
    /// When it cannot be read, or is no adapter that r1 knows.
    pub(crate) fn read(dir: &Path) -> Result<Self, ModelError> {
        let path = dir.join(ADAPTER_CONFIG);
        crate::config::check_regular(&path)?;
        let text = std::fs::read(&path).map_err(|source| ModelError::Read { path: path.clone(), source })?;
        let fail = |reason: String| ModelError::Config { path: path.clone(), reason };
        let value: Value = serde_json::from_slice(&text).map_err(|error| fail(error.to_string()))?;
        if value["peft_type"] != "LORA" {
            return Err(fail(format!("`peft_type` is {}; r1 reads LORA", value["peft_type"])));
        }
        let config: Self = serde_json::from_value(value).map_err(|error| fail(error.to_string()))?;
        config.check().map_err(fail)?;
        Ok(config)
    }

    /// The config of an adapter of r1.
    pub(crate) fn new(adapter: &Adapter) -> Self {
        let config = &adapter.config;
        let mut targets = config.target_modules.clone();
        if targets.is_empty() {
            let parts = adapter.slots.iter().flat_map(|slot| &slot.parts);
            let layer = |part: &Part| {
                part.name.strip_prefix(PREFIX)?.strip_suffix(".lora_A.weight").map(str::to_owned)
            };
            targets = parts.filter_map(layer).collect();
            // Beside experts the last part of a name would mean theirs too.
            if !targets.iter().any(|name| name.contains(".shared_expert")) {
                targets
                    .iter_mut()
                    .for_each(|name| drop(name.drain(..name.rfind('.').map_or(0, |dot| dot + 1))));
            }
            targets.sort();
            targets.dedup();
        }
        Self {
            peft_type: "LORA".into(),
            task_type: Some("CAUSAL_LM".into()),
            base_model_name_or_path: Some(adapter.base.display().to_string()),
            r: config.rank,
            lora_alpha: config.alpha,
            target_modules: targets.into(),
            use_rslora: config.rslora,
            lora_dropout: 0.0,
            bias: none(),
            fan_in_fan_out: false,
            inference_mode: true,
            other: serde_json::Map::new(),
        }
    }

    /// The folder of the base model.
    ///
    /// # Errors
    /// When it names none that is here: a sentence with the way out.
    pub(crate) fn base(&self, dir: &Path) -> Result<PathBuf, String> {
        let way_out = "write the folder of the base model there, or merge the two with `r1 convert --base BASE --merge`";
        let Some(name) = &self.base_model_name_or_path else {
            return Err(format!("`base_model_name_or_path` is missing; {way_out}"));
        };
        let places = [PathBuf::from(name), dir.join(name)];
        let found = places.into_iter().find(|place| place.join("config.json").is_file());
        found.ok_or_else(|| {
            format!("`base_model_name_or_path` is `{name}`, and there is no such folder; {way_out}")
        })
    }

    fn check(&self) -> Result<(), String> {
        let set = |value: &Value| match value {
            Value::Null | Value::Bool(false) => false,
            Value::Array(list) => !list.is_empty(),
            Value::Object(map) => !map.is_empty(),
            _ => true,
        };
        let begins = self.other.get("init_lora_weights").and_then(Value::as_str);
        let odd = self.other.iter().find(|(name, value)| match name.as_str() {
            "init_lora_weights" => begins.is_some_and(|way| !BEGINNINGS.contains(&way)),
            name => set(value) && !HARMLESS.contains(&name),
        });
        if let Some((name, _)) = odd {
            return Err(format!(
                "`{name}` is set, which r1 does not read; merge the adapter with peft (`merge_and_unload` and \
                 `save_pretrained`) and give r1 the whole model"
            ));
        }
        match () {
            () if self.bias != "none" => Err(format!("`bias` is {:?}; r1 reads adapters without", self.bias)),
            () if self.fan_in_fan_out => {
                Err("`fan_in_fan_out` is set, which no model that r1 knows has".into())
            }
            () => Ok(()),
        }
    }

    /// The settings in r1's words.
    ///
    /// # Errors
    /// When the targets are a pattern.
    pub(crate) fn lora(&self) -> Result<LoraConfig, String> {
        let target_modules = match &self.target_modules {
            Value::String(all) if all == "all-linear" => Vec::new(),
            Value::Array(list) if !list.is_empty() && list.iter().all(Value::is_string) => {
                list.iter().filter_map(|name| name.as_str().map(str::to_owned)).collect()
            }
            other => {
                return Err(format!(
                    "`target_modules` is {other}; r1 reads a list of names of layers, or \"all-linear\""
                ));
            }
        };
        Ok(LoraConfig { rank: self.r, alpha: self.lora_alpha, rslora: self.use_rslora, target_modules })
    }

    /// The file's text.
    pub(crate) fn to_text(&self) -> String {
        let value = serde_json::to_value(self).unwrap_or_default();
        format!("{value:#}\n")
    }
}
