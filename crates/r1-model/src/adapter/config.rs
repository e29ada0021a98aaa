//! Settings of an adapter.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{ADAPTER_CONFIG, PREFIX, PeftConfig};
use crate::{
    Architecture, ModelConfig, ModelError, Parameters, Transformer,
    checkpoint::{Part, Slot},
};

/// **Settings of a low-rank adapter.** Left out in a recipe, a setting has its default.
///
/// ```
/// use r1_model::LoraConfig;
///
/// let config = LoraConfig { rank: 8, ..LoraConfig::default() };
/// assert_eq!(config.scale(), 4.0);
/// assert!(config.targets("model.layers.3.self_attn.q_proj"));
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LoraConfig {
    /// Width of the two factors.
    pub rank: usize,
    /// What is added is multiplied with `alpha / rank`.
    pub alpha: f64,
    /// Multiply with `alpha / sqrt(rank)` instead (Kalajdzievski, arXiv:2312.03732).
    pub rslora: bool,
    /// The layers that are adapted, by the end of their names in the checkpoint (`q_proj`, `mlp.down_proj`); empty for
    /// every linear layer of the blocks. Experts and routers are never adapted.
    pub target_modules: Vec<String>,
}

impl Default for LoraConfig {
    /// Rank 16 and alpha 32 on every linear layer of the blocks.
    fn default() -> Self {
        Self { rank: 16, alpha: 32.0, rslora: false, target_modules: Vec::new() }
    }
}

impl LoraConfig {
    /// Reads the settings of an adapter's folder in PEFT's layout.
    ///
    /// # Errors
    /// When `adapter_config.json` cannot be read, or is no adapter that r1 knows.
    pub fn read(dir: &Path) -> Result<Self, ModelError> {
        let fail = |reason| ModelError::Config { path: dir.join(ADAPTER_CONFIG), reason };
        PeftConfig::read(dir)?.lora().map_err(fail)
    }

    /// What is added is multiplied with this.
    pub fn scale(&self) -> f64 {
        let rank = self.rank as f64;
        self.alpha / if self.rslora { rank.sqrt() } else { rank }
    }

    /// Whether a linear layer of this name is adapted.
    pub fn targets(&self, name: &str) -> bool {
        let ends = |target: &String| {
            name.strip_suffix(target.as_str()).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        };
        self.target_modules.is_empty() || self.target_modules.iter().any(ends)
    }

    /// How many parameters the adapter of a model has.
    ///
    /// # Errors
    /// [`ModelError::Adapter`] when the settings make no adapter of it.
    pub fn parameters(&self, config: &ModelConfig) -> Result<usize, ModelError> {
        let slots = self.slots(|parameters| Transformer::build(config, parameters));
        let slots = slots.map_err(|reason| ModelError::Adapter { reason })?;
        Ok(slots.iter().map(Slot::count).sum())
    }

    /// The parameters of the adapter of the model that `build` makes.
    ///
    /// # Errors
    /// When a number makes no adapter, or a target is no layer of the model: a sentence with the way out.
    pub(crate) fn slots<M>(&self, build: impl Fn(&mut Parameters<'_>) -> M) -> Result<Vec<Slot>, String> {
        if self.rank == 0 || self.rank > 1 << 14 {
            return Err(format!("`rank` is {}; give 1 to 16384, 16 for instance", self.rank));
        }
        if !self.alpha.is_finite() || self.alpha <= 0.0 {
            return Err(format!(
                "`alpha` is {}; give a positive number, twice the rank for instance",
                self.alpha
            ));
        }
        let every = Self { target_modules: Vec::new(), ..self.clone() };
        let slots = Parameters::list_adapter(&every, &build);
        let layers: Vec<&str> = slots.iter().flat_map(|slot| &slot.parts).filter_map(layer).collect();
        if let Some(target) = self.target_modules.iter().find(|target| {
            let one = Self { target_modules: vec![(*target).clone()], ..self.clone() };
            !layers.iter().any(|layer| one.targets(layer))
        }) {
            let mut ends: Vec<&str> = layers.iter().filter_map(|layer| layer.rsplit('.').next()).collect();
            ends.sort_unstable();
            ends.dedup();
            return Err(format!(
                "no layer that can be adapted is called `{target}`; this model has {}",
                ends.join(", ")
            ));
        }
        Ok(Parameters::list_adapter(self, build))
    }
}

/// The adapted layer that a tensor belongs to.
fn layer(part: &Part) -> Option<&str> {
    part.name.strip_prefix(PREFIX)?.strip_suffix(".lora_A.weight")
}
