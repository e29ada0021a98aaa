//! SmolLM3: Llama in which some layers are not told positions.

use std::sync::Arc;

use super::{Family, llama::Llama};
use crate::{
    ModelConfig, ModelError, Parameters,
    config::Fields,
    nn::{Block, HeadNorm},
};

#[derive(Debug, Clone)]
struct SmolLm3 {
    llama: Llama,
    /// Whether each layer's queries and keys are rotated.
    rotated: Vec<bool>,
}

pub(super) fn read(fields: &mut Fields<'_>, config: &mut ModelConfig) -> Result<Arc<dyn Family>, ModelError> {
    fields.silu()?;
    let bias = fields.flag("attention_bias")?;
    let mlp_bias = fields.flag("mlp_bias")?;
    let interval = fields.optional_count("no_rope_layer_interval")?.unwrap_or(4);
    let rotated: Vec<bool> = match fields.take("no_rope_layers") {
        None => (1..=config.layers).map(|layer| layer % interval != 0).collect(),
        Some(list) => {
            let flags = list.as_array().and_then(|list| list.iter().map(|flag| flag.as_u64()).collect());
            let flags: Option<Vec<u64>> = flags;
            let flags = flags.filter(|flags| flags.len() == config.layers).ok_or_else(|| {
                (fields.fail)(format!("no_rope_layers is {list}; expected a 0 or 1 for each layer"))
            })?;
            flags.into_iter().map(|flag| flag != 0).collect()
        }
    };
    let window = if fields.flag("use_sliding_window")? { fields.window_or(None)? } else { None };
    fields.used.push("sliding_window");
    let windows = fields.layer_windows(config.layers, window, |layer| window.is_some() && !rotated[layer])?;
    let llama = Llama { bias, output_bias: bias, mlp_bias, head_norm: HeadNorm::None, windows };
    Ok(Arc::new(SmolLm3 { llama, rotated }))
}

impl Family for SmolLm3 {
    fn block(&self, config: &ModelConfig, index: usize, parameters: &mut Parameters<'_>) -> Block {
        let (attention, mlp) = (self.llama.attention(config, index), self.llama.mlp(config));
        Llama::pre_norm(config, &attention, mlp, self.rotated[index], parameters)
    }
}
