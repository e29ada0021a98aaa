//! Tensors of the file to be written, and where their weights come from.

use std::collections::HashMap;

use r1_quant::BlockType;

use super::mixture::Model;
use super::model_keys::{head_dim, rope_base, rope_scaling, wrong};
use super::{Export, complete};
use crate::GgufError;
use crate::config::{Llama3, llama3_factors};
use crate::weights::gguf_name;

const HEAD: &str = "lm_head.weight";
/// Bytes of the largest tensor, so that no sum of sizes overflows.
const LARGEST: u64 = 1 << 44;

/// A tensor of the file.
#[derive(Debug)]
pub(super) struct Planned {
    pub(super) name: String,
    pub(super) shape: Vec<usize>,
    pub(super) block_type: BlockType,
    pub(super) source: Source,
}

impl Planned {
    /// Number of values and of bytes, unless they overflow.
    pub(super) fn sizes(&self) -> Option<(usize, usize)> {
        let len = self.shape.iter().try_fold(1usize, |len, size| len.checked_mul(*size))?;
        Some((len, self.block_type.bytes_of(len)?))
    }
}

#[derive(Debug)]
pub(super) enum Source {
    /// Weights of these names one after the other, each with as many values; rows of heads are interleaved.
    Loaded { names: Vec<String>, interleave: Option<usize> },
    /// Values that are no weights of the checkpoint.
    Given(Vec<f32>),
}

pub(super) struct Plan {
    pub(super) tensors: Vec<Planned>,
}

impl Plan {
    pub(super) fn new(
        export: &Export,
        tensors: impl IntoIterator<Item = (String, Vec<usize>)>,
    ) -> Result<Plan, GgufError> {
        let config = export.config;
        let tensors: Vec<(String, Vec<usize>)> = tensors.into_iter().collect();
        let tied = config["tie_word_embeddings"] == true;
        let untied = config["tie_word_embeddings"] == false;
        let number = |name: &str| config[name].as_u64().unwrap_or(0) as usize;
        let model = Model {
            architecture: export.architecture,
            file_type: export.file_type,
            layers: number("num_hidden_layers"),
            experts: number("num_experts"),
            tied: tied || !tensors.iter().any(|(name, _)| name == HEAD),
        };
        let mut planned: Vec<Planned> = Vec::new();
        let mut places: HashMap<String, usize> = HashMap::new();
        // Some checkpoints store a tied matrix twice.
        for (name, mut shape) in tensors.into_iter().filter(|(name, _)| !tied || name != HEAD) {
            let wrong = |what: String| GgufError::Tensor { tensor: name.clone(), what };
            let Some((own, expert)) = gguf_name(&name, export.architecture) else {
                return Err(wrong("has no name in such a file".into()));
            };
            if !(1..=2).contains(&shape.len()) || shape.contains(&0) {
                return Err(wrong(format!(
                    "has the shape {shape:?}, and one or two dimensions are expected"
                )));
            }
            if own.contains("ffn_gate_inp_shexp") && shape[0] == 1 && shape.len() == 2 {
                shape.remove(0);
            }
            let interleave = head_of(export, &own, shape[0]).map_err(wrong)?;
            let block_type = model.block_type(&own, &shape);
            match (places.get(&own), expert) {
                (None, None | Some(0)) => {
                    if expert.is_some() {
                        shape.insert(0, 1);
                    }
                    places.insert(own.clone(), planned.len());
                    let source = Source::Loaded { names: vec![name], interleave };
                    planned.push(Planned { name: own, shape, block_type, source });
                }
                (Some(place), Some(expert)) => {
                    let stack = &mut planned[*place];
                    let Source::Loaded { names, .. } = &mut stack.source else {
                        unreachable!("experts are loaded")
                    };
                    if names.len() != expert || stack.shape[1..] != shape {
                        return Err(wrong("experts come in their order and have one shape".into()));
                    }
                    names.push(name);
                    stack.shape[0] += 1;
                }
                (Some(_), None) => return Err(wrong("is named twice".into())),
                (None, Some(_)) => return Err(wrong("comes before expert 0".into())),
            }
        }
        complete::check(config, export.architecture, &planned, untied)?;
        planned.extend(frequencies(export)?);
        let large =
            planned.iter().find(|tensor| tensor.sizes().is_none_or(|(_, bytes)| bytes as u64 > LARGEST));
        if let Some(Planned { name, shape, .. }) = large {
            return Err(GgufError::Tensor {
                tensor: name.clone(),
                what: format!("{shape:?} is no size of a tensor"),
            });
        }
        Ok(Plan { tensors: planned })
    }
}

/// Width of the heads whose rows are interleaved.
fn head_of(export: &Export, own: &str, rows: usize) -> Result<Option<usize>, String> {
    let query_or_key = own.contains(".attn_q.") || own.contains(".attn_k.");
    if !export.architecture.interleaves() || !query_or_key {
        return Ok(None);
    }
    let width = head_dim(export.config).unwrap_or(0) as usize;
    if width == 0 || !width.is_multiple_of(2) || !rows.is_multiple_of(width) {
        return Err(format!("has {rows} rows, and heads of {width} are expected"));
    }
    Ok(Some(width))
}

/// Llama 3's scaling, which a file has as a divisor of each frequency.
fn frequencies(export: &Export) -> Result<Option<Planned>, GgufError> {
    let (scaling, kind) = rope_scaling(export.config);
    if kind != "llama3" {
        return Ok(None);
    }
    let number = |name: &str| {
        let value = scaling[name].as_f64().filter(|value| *value > 0.0);
        value.ok_or_else(|| wrong(&format!("rope_scaling.{name}"), &scaling[name], "a number above 0"))
    };
    let scaling = Llama3 {
        factor: number("factor")?,
        low: number("low_freq_factor")?,
        high: number("high_freq_factor")?,
        original: number("original_max_position_embeddings")?,
    };
    let pairs = head_dim(export.config).unwrap_or(0) as usize / 2;
    let factors = llama3_factors(rope_base(export.config), pairs, &scaling);
    let (name, shape) = ("rope_freqs.weight".into(), vec![pairs]);
    Ok(Some(Planned { name, shape, block_type: BlockType::F32, source: Source::Given(factors) }))
}
